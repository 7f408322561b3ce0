import SpanLogFormat

/// The pages of an LMDB file, read one by one and trusted in nothing.
///
/// liblmdb follows whatever a file says, and damaged files kill the process that reads them. Here
/// each number is checked before it is used, and the file is never mapped. The layout is that of
/// LMDB 0.9 on 64-bit little-endian machines (`mdb.c`: `MDB_page`, `MDB_meta`, `MDB_node`).
struct LMDBPages: Sendable {
    let file: ReadOnlyFile
    let pageByteCount: Int
    private var pageCount: UInt64 = 0

    /// What a page is used for (`MDB_page.mp_flags`).
    enum Kind {
        case branch
        case leaf
    }

    /// A page of the tree, with the offsets of its nodes already checked.
    struct TreePage {
        let number: UInt64
        let kind: Kind
        let bytes: [UInt8]
        let nodeOffsets: [Int]
    }

    /// The state of the environment that a meta page describes.
    struct Meta {
        let transactionID: UInt64
        /// The root of the table of tables, or `nil` if there is no table.
        let root: UInt64?
        /// The greatest number of a page that is in use.
        let lastPage: UInt64
    }

    static let headerByteCount = 16

    init(_ file: ReadOnlyFile) throws {
        self.file = file
        let start = try file.bytes(at: 0, count: 256)
        guard start.count == 256, UInt32(littleEndianIn: start, at: 16) == Self.magic else {
            throw FormatError("the file is no LMDB environment")
        }
        guard UInt32(littleEndianIn: start, at: 20) == 1 else {
            throw FormatError("the file has another version of LMDB's format than 1")
        }
        pageByteCount = Int(UInt32(littleEndianIn: start, at: Self.headerByteCount + 24))
        guard (512...65_536).contains(pageByteCount), pageByteCount.nonzeroBitCount == 1 else {
            throw FormatError("the file claims pages of \(pageByteCount) bytes")
        }
        try measure()
    }

    /// Finds out how many pages the file has at this moment.
    mutating func measure() throws {
        pageCount = try file.byteCount() / UInt64(pageByteCount)
    }

    /// The newer of the two meta pages that are sound.
    func newestMeta() throws -> Meta {
        let metas = try [UInt64(0), 1].compactMap(meta)
        guard let newest = metas.max(by: { $0.transactionID < $1.transactionID }) else {
            throw FormatError("neither of the two meta pages is sound")
        }
        return newest
    }

    /// A meta page, or `nil` if it is damaged.
    func meta(_ number: UInt64) throws -> Meta? {
        let bytes = try page(number)
        let start = Self.headerByteCount
        guard bytes.count == pageByteCount, UInt32(littleEndianIn: bytes, at: start) == Self.magic,
            UInt32(littleEndianIn: bytes, at: start + 4) == 1
        else { return nil }
        let root = UInt64(littleEndianIn: bytes, at: start + 72 + 40)
        return Meta(
            transactionID: UInt64(littleEndianIn: bytes, at: start + 128),
            root: root == .max ? nil : root,
            lastPage: UInt64(littleEndianIn: bytes, at: start + 120))
    }

    /// Whether the file ends before the last page that `meta` counts.
    func isCutOff(_ meta: Meta) -> Bool { meta.lastPage >= pageCount }

    /// The bytes of a page; fewer if the file ends before its end.
    private func page(_ number: UInt64) throws -> [UInt8] {
        try file.bytes(at: number * UInt64(pageByteCount), count: pageByteCount)
    }

    private static let magic: UInt32 = 0xBEEF_C0DE
}

extension LMDBPages {
    /// A page of the tree.
    ///
    /// - Throws: ``FormatError`` if the number lies beyond the file or the page is no such page.
    func treePage(_ number: UInt64) throws -> TreePage {
        guard number > 1, number < pageCount else {
            throw FormatError("the tree refers to page \(number) of \(pageCount)")
        }
        let bytes = try page(number)
        guard bytes.count == pageByteCount, UInt64(littleEndianIn: bytes, at: 0) == number else {
            throw FormatError("page \(number) is another page or cut off")
        }
        let kind: Kind
        switch UInt16(littleEndianIn: bytes, at: 10) & 0x0F {
        case 0x01: kind = .branch
        case 0x02: kind = .leaf
        default: throw FormatError("page \(number) is no page of the tree")
        }
        let lower = Int(UInt16(littleEndianIn: bytes, at: 12))
        guard lower >= Self.headerByteCount, lower <= pageByteCount, lower.isMultiple(of: 2) else {
            throw FormatError("page \(number) has an impossible number of entries")
        }
        let offsets = stride(from: Self.headerByteCount, to: lower, by: 2).map {
            Int(UInt16(littleEndianIn: bytes, at: $0))
        }
        guard offsets.allSatisfy({ $0 >= lower && $0 + Self.nodeByteCount <= pageByteCount })
        else {
            throw FormatError("page \(number) has an entry outside itself")
        }
        return TreePage(number: number, kind: kind, bytes: bytes, nodeOffsets: offsets)
    }

    /// Where the value of `byteCount` bytes lies whose first overflow page is `number`.
    func overflowOffset(_ number: UInt64, byteCount: Int) throws -> UInt64 {
        let needed = UInt64((byteCount + Self.headerByteCount - 1) / pageByteCount + 1)
        guard number > 1, number < pageCount, needed <= pageCount - number else {
            throw FormatError("a block at page \(number) reaches beyond the file's end")
        }
        return number * UInt64(pageByteCount) + UInt64(Self.headerByteCount)
    }

    static let nodeByteCount = 8
}

extension LMDBPages.TreePage {
    /// An entry of the page (`MDB_node`).
    struct Node {
        let key: ArraySlice<UInt8>
        let flags: UInt16
        /// The page below, in a branch.
        let child: UInt64
        /// The bytes of the value, in a leaf; they may lie on overflow pages.
        let valueByteCount: Int
        let valueOffset: Int
    }

    /// The value lies on overflow pages, whose number stands in its place (`F_BIGDATA`).
    static let isOverflow: UInt16 = 0x01

    func node(at offset: Int) throws(FormatError) -> Node {
        let low = UInt64(UInt16(littleEndianIn: bytes, at: offset))
        let high = UInt64(UInt16(littleEndianIn: bytes, at: offset + 2))
        let flags = UInt16(littleEndianIn: bytes, at: offset + 4)
        let keyOffset = offset + LMDBPages.nodeByteCount
        let keyEnd = keyOffset + Int(UInt16(littleEndianIn: bytes, at: offset + 6))
        guard keyEnd <= bytes.count else {
            throw FormatError("a key reaches beyond its page")
        }
        return Node(
            key: bytes[keyOffset..<keyEnd], flags: flags,
            child: low | high << 16 | UInt64(flags) << 32,
            valueByteCount: Int(low | high << 16), valueOffset: keyEnd)
    }

    /// The value of a node that holds it within the page.
    func value(of node: Node, byteCount: Int) throws(FormatError) -> ArraySlice<UInt8> {
        guard node.valueOffset + byteCount <= bytes.count else {
            throw FormatError("a value reaches beyond its page")
        }
        return bytes[node.valueOffset..<node.valueOffset + byteCount]
    }
}

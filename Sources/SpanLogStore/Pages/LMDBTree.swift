import SpanLogFormat

/// A table of an LMDB file: entries in the order of their keys.
///
/// No page is visited twice, so that a forged tree ends too.
package struct LMDBTree: Sendable {
    let pages: LMDBPages
    let root: UInt64?
    /// The number of entries, by the word of the file.
    package let entryCount: UInt64

    /// An entry, whose value is read only when asked for.
    package struct Entry: Sendable {
        package let key: [UInt8]
        /// Where the value begins in the file.
        package let valueOffset: UInt64
        package let valueByteCount: Int
    }

    init(_ pages: LMDBPages, root: UInt64?, entryCount: UInt64) {
        self.pages = pages
        self.root = root
        self.entryCount = entryCount
    }

    /// Calls `body` with the entries until it returns `false`.
    ///
    /// - Parameters:
    ///   - first: The key to begin at, or `nil` for the least, or the greatest if reversed.
    ///   - isReversed: Whether to go from greater to smaller keys, from the greatest one.
    /// - Throws: ``FormatError`` where the tree is damaged, or what `body` throws.
    /// - Complexity: O(*n*) in the number of entries visited.
    package func forEachEntry(
        from first: [UInt8]? = nil, isReversed: Bool = false, _ body: (Entry) throws -> Bool
    ) throws {
        guard let root else { return }
        var visited: Set<UInt64> = []
        var waiting = [root]
        while let number = waiting.popLast() {
            guard visited.insert(number).inserted else {
                throw FormatError("the tree refers to page \(number) twice")
            }
            let page = try pages.treePage(number)
            let nodes = try page.nodeOffsets.map(page.node)
            switch page.kind {
            case .branch:
                let children = Self.children(nodes, from: first)
                waiting += isReversed ? children : children.reversed()
            case .leaf:
                for node in isReversed ? nodes.reversed() : nodes {
                    if let first, node.key.lexicographicallyPrecedes(first) { continue }
                    guard try body(try entry(node, in: page)) else { return }
                }
            }
        }
    }

    /// The value under `key`, or `nil` if there is none.
    ///
    /// - Complexity: O(log *n*) in the number of entries, plus the value's bytes.
    package func value(for key: [UInt8]) throws -> [UInt8]? {
        var value: [UInt8]?
        try forEachEntry(from: key) { entry in
            if entry.key == key { value = try self.value(of: entry) }
            return false
        }
        return value
    }

    /// The bytes of an entry's value.
    package func value(of entry: Entry) throws -> [UInt8] {
        let bytes = try pages.file.bytes(at: entry.valueOffset, count: entry.valueByteCount)
        guard bytes.count == entry.valueByteCount else {
            throw FormatError("a value of \(entry.valueByteCount) bytes is cut off")
        }
        return bytes
    }

    /// The pages below a branch that may hold keys from `first` on.
    static func children(
        _ nodes: [LMDBPages.TreePage.Node], from first: [UInt8]?
    ) -> [UInt64] {
        var start = 0
        // A child holds keys from its own key up to the next one's. The first key of a branch is
        // empty, and stands for everything smaller.
        if let first {
            start = nodes.lastIndex { !first.lexicographicallyPrecedes($0.key) } ?? 0
        }
        return nodes[start...].map { $0.child & 0xFFFF_FFFF_FFFF }
    }

    func entry(
        _ node: LMDBPages.TreePage.Node, in page: LMDBPages.TreePage
    ) throws -> Entry {
        Entry(
            key: Array(node.key), valueOffset: try valueOffset(of: node, in: page),
            valueByteCount: node.valueByteCount)
    }

    private func valueOffset(
        of node: LMDBPages.TreePage.Node, in page: LMDBPages.TreePage
    ) throws -> UInt64 {
        if node.flags & LMDBPages.TreePage.isOverflow == 0 {
            _ = try page.value(of: node, byteCount: node.valueByteCount)
            return page.number * UInt64(pages.pageByteCount) + UInt64(node.valueOffset)
        }
        let first = UInt64(littleEndianIn: try page.value(of: node, byteCount: 8), at: 0)
        return try pages.overflowOffset(first, byteCount: node.valueByteCount)
    }
}

import SpanLogFormat

/// Walks the B+ trees of a segment, visiting no page twice, so that a forged one ends too.
struct SegmentTree {
    private let pages: SegmentPages

    init(_ pages: SegmentPages) {
        self.pages = pages
    }

    /// The places of all blocks in the state that `meta` describes.
    func locations(_ meta: SegmentPages.Meta) throws -> [SegmentReader.Location] {
        guard let root = try blocksRoot(meta) else { return [] }
        var locations: [SegmentReader.Location] = []
        try forEachLeaf(below: root) { page, node in
            guard node.key.count == 8 else {
                throw FormatError("a block's key has \(node.key.count) bytes instead of 8")
            }
            locations.append(
                SegmentReader.Location(
                    sequence: UInt64(bigEndianBytes: node.key),
                    offset: try offset(of: node, in: page), byteCount: node.valueByteCount))
        }
        return locations
    }

    /// Where a node's value begins in the file.
    private func offset(
        of node: SegmentPages.TreePage.Node, in page: SegmentPages.TreePage
    ) throws -> UInt64 {
        if node.flags & SegmentPages.TreePage.isOverflow == 0 {
            // Machines with large pages keep small blocks within the leaf.
            _ = try page.value(of: node, byteCount: node.valueByteCount)
            return page.number * UInt64(pages.pageByteCount) + UInt64(node.valueOffset)
        }
        let first = UInt64(littleEndianIn: try page.value(of: node, byteCount: 8), at: 0)
        return try pages.overflowOffset(first, byteCount: node.valueByteCount)
    }

    /// The root of the table `blocks`, or `nil` if it is missing or empty.
    private func blocksRoot(_ meta: SegmentPages.Meta) throws -> UInt64? {
        guard let root = meta.root else { return nil }
        var result: UInt64?
        try forEachLeaf(below: root) { page, node in
            guard node.key.elementsEqual(SegmentWriter.table.utf8),
                node.flags & SegmentPages.TreePage.isTable != 0
            else { return }
            // The root is the last of the 48 bytes of `MDB_db`.
            let record = try page.value(of: node, byteCount: 48)
            result = UInt64(littleEndianIn: record, at: 40)
        }
        return result == .max ? nil : result
    }

    private func forEachLeaf(
        below root: UInt64,
        _ body: (SegmentPages.TreePage, SegmentPages.TreePage.Node) throws -> Void
    ) throws {
        var visited: Set<UInt64> = []
        var waiting = [root]
        while let number = waiting.popLast() {
            guard visited.insert(number).inserted else {
                throw FormatError("the tree refers to page \(number) twice")
            }
            let page = try pages.treePage(number)
            let nodes = try page.nodeOffsets.map(page.node)
            switch page.kind {
            case .branch: waiting += nodes.reversed().map { $0.child & 0xFFFF_FFFF_FFFF }
            case .leaf: for node in nodes { try body(page, node) }
            }
        }
    }
}

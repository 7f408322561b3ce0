import SpanLogFormat

extension LMDBTree {
    /// A part of a tree that cannot be read.
    package struct Damage: Sendable {
        /// The page that is damaged, or that holds what is.
        package let page: UInt64
        /// The key whose value cannot be read, if it is only this one.
        package let key: [UInt8]?
        package let reason: String
    }

    /// Calls `body` with each entry that can be read, and `damaged` with what cannot.
    ///
    /// A page that fails loses what is below it and nothing else. Without damage, these are the
    /// entries of ``forEachEntry(from:isReversed:_:)``, in the same order.
    ///
    /// - Throws: What `body` throws.
    /// - Complexity: O(*n*) in the number of pages of the file.
    package func forEachReadableEntry(
        _ body: (Entry) throws -> Void, damaged: (Damage) -> Void
    ) rethrows {
        guard let root else { return }
        var visited: Set<UInt64> = []
        var waiting = [root]
        while let number = waiting.popLast() {
            guard visited.insert(number).inserted else {
                let reason = "the tree refers to page \(number) twice"
                damaged(Damage(page: number, key: nil, reason: reason))
                continue
            }
            let page: LMDBPages.TreePage
            do {
                page = try pages.treePage(number)
                if page.kind == .branch {
                    let nodes = try page.nodeOffsets.map(page.node)
                    waiting += Self.children(nodes, from: nil).reversed()
                }
            } catch {
                damaged(Damage(page: number, key: nil, reason: "\(error)"))
                continue
            }
            if page.kind == .leaf { try readEntries(of: page, body, damaged) }
        }
    }

    private func readEntries(
        of page: LMDBPages.TreePage, _ body: (Entry) throws -> Void, _ damaged: (Damage) -> Void
    ) rethrows {
        for offset in page.nodeOffsets {
            var key: [UInt8]?
            let entry: Entry
            do {
                let node = try page.node(at: offset)
                key = Array(node.key)
                entry = try self.entry(node, in: page)
            } catch {
                damaged(Damage(page: page.number, key: key, reason: "\(error)"))
                continue
            }
            try body(entry)
        }
    }
}

extension LMDBTree {
    /// What is wrong with the way to an entry that was read page after page, or `nil` if nothing is: a
    /// search for its key may end elsewhere, and the pages of its value may be others.
    ///
    /// - Complexity: O(log *n*) in the number of entries.
    package func damage(onWayTo entry: Entry) -> String? {
        do {
            guard let found = try search(entry.key), found.valueOffset == entry.valueOffset else {
                return "a search for the key does not find it"
            }
            return try pageDamage(of: entry)
        } catch {
            return "\(error)"
        }
    }

    /// The entry under a key, by the one way that leads there: a forged tree has no other.
    private func search(_ key: [UInt8]) throws -> Entry? {
        guard var number = root else { return nil }
        for _ in 0..<Self.depthMax {
            let page = try pages.treePage(number)
            let nodes = try page.nodeOffsets.map(page.node)
            switch page.kind {
            case .branch:
                guard let child = Self.children(nodes, from: key).first else { return nil }
                number = child
            case .leaf:
                let node = nodes.first { $0.key.elementsEqual(key) }
                return try node.map { try entry($0, in: page) }
            }
        }
        throw FormatError("the tree is deeper than any")
    }

    /// What is wrong with the header of the page that a value begins on, if it has pages of its own.
    private func pageDamage(of entry: Entry) throws -> String? {
        let (pageByteCount, headerByteCount) = (
            UInt64(pages.pageByteCount), LMDBPages.headerByteCount
        )
        // What shares a page stands behind that page's list of entries.
        guard entry.valueOffset % pageByteCount == UInt64(headerByteCount) else { return nil }
        let start = entry.valueOffset - UInt64(headerByteCount)
        let header = try pages.file.bytes(at: start, count: headerByteCount)
        let count = (entry.valueByteCount + headerByteCount - 1) / Int(pageByteCount) + 1
        guard header.count == headerByteCount,
            UInt64(littleEndianIn: header, at: 0) == start / pageByteCount,
            UInt16(littleEndianIn: header, at: 10) & Self.isOverflowPage != 0,
            UInt64(UInt32(littleEndianIn: header, at: 12)) == UInt64(count)
        else { return "page \(start / pageByteCount) is another page than the value begins on" }
        return nil
    }

    /// As `CURSOR_STACK` of LMDB.
    private static let depthMax = 32
    /// `P_OVERFLOW`.
    private static let isOverflowPage: UInt16 = 0x04
}

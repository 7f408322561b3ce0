import SpanLogFormat

extension LMDBTree {
    /// A part of a tree that cannot be read.
    struct Damage {
        /// The page that is damaged, or that holds what is.
        let page: UInt64
        /// The key whose value cannot be read, if it is only this one.
        let key: [UInt8]?
        let reason: String
    }

    /// Calls `body` with each entry that can be read, and `damaged` with what cannot.
    ///
    /// A page that fails loses what is below it and nothing else. Without damage, these are the
    /// entries of ``forEachEntry(from:isReversed:_:)``, in the same order.
    ///
    /// - Complexity: O(*n*) in the number of pages of the file.
    func forEachReadableEntry(
        _ body: (Entry) -> Void, damaged: (Damage) -> Void
    ) {
        guard let root else { return }
        var visited: Set<UInt64> = []
        var waiting = [root]
        while let number = waiting.popLast() {
            guard visited.insert(number).inserted else {
                let reason = "the tree refers to page \(number) twice"
                damaged(Damage(page: number, key: nil, reason: reason))
                continue
            }
            do {
                let page = try pages.treePage(number)
                switch page.kind {
                case .branch:
                    let nodes = try page.nodeOffsets.map(page.node)
                    waiting += Self.children(nodes, from: nil).reversed()
                case .leaf: readEntries(of: page, body, damaged)
                }
            } catch {
                damaged(Damage(page: number, key: nil, reason: "\(error)"))
            }
        }
    }

    private func readEntries(
        of page: LMDBPages.TreePage, _ body: (Entry) -> Void, _ damaged: (Damage) -> Void
    ) {
        for offset in page.nodeOffsets {
            var key: [UInt8]?
            do {
                let node = try page.node(at: offset)
                key = Array(node.key)
                body(try entry(node, in: page))
            } catch {
                damaged(Damage(page: page.number, key: key, reason: "\(error)"))
            }
        }
    }
}

import SpanLogFormat

/// When each block was sealed, by the clock since boot: it tells on which side of a step of the wall
/// clock the block's spans lie.
///
/// Of several copies of a block, the latest counts.
struct SealTimes: Sendable {
    /// Blocks of one recorder whose sequences follow each other: 8 bytes for each.
    private var pages: [Page: [UInt64]] = [:]

    private struct Page: Hashable, Comparable, Sendable {
        let recorder: UInt128
        let number: UInt64

        static func < (left: Page, right: Page) -> Bool {
            (left.recorder, left.number) < (right.recorder, right.number)
        }
    }

    /// A block.
    struct Block: Hashable, Sendable {
        let recorder: UInt128
        let sequence: UInt64
        /// CLOCK_BOOTTIME.
        let sealed: UInt64
    }

    mutating func add(_ block: Block) {
        let page = Page(recorder: block.recorder, number: block.sequence / Self.pageCount)
        let place = Int(block.sequence % Self.pageCount)
        // 0 is left to blocks that nobody has seen.
        let sealed = max(1, block.sealed)
        let known = pages[page]?[place] ?? 0
        guard sealed > known else { return }
        pages[page, default: Array(repeating: 0, count: Int(Self.pageCount))][place] = sealed
    }

    /// When a block was sealed, or `nil` if nobody has seen it.
    ///
    /// - Parameter sequence: The block's number plus 1; 0 for none.
    func seal(_ recorder: UInt128, _ sequence: UInt64) -> BlockSeal? {
        guard sequence > 0, let sealed = sealed(recorder, sequence - 1) else { return nil }
        return BlockSeal(
            sealed: sealed, before: sequence > 1 ? self.sealed(recorder, sequence - 2) : nil)
    }

    private func sealed(_ recorder: UInt128, _ sequence: UInt64) -> UInt64? {
        let page = Page(recorder: recorder, number: sequence / Self.pageCount)
        guard let times = pages[page] else { return nil }
        let time = times[Int(sequence % Self.pageCount)]
        return time == 0 ? nil : time
    }

    /// Calls `body` with all blocks, by recorder and sequence.
    func forEach(_ body: (Block) throws -> Void) rethrows {
        for page in pages.keys.sorted() {
            for (place, sealed) in (pages[page] ?? []).enumerated() where sealed > 0 {
                try body(
                    Block(
                        recorder: page.recorder,
                        sequence: page.number * Self.pageCount + UInt64(place), sealed: sealed))
            }
        }
    }

    private static let pageCount: UInt64 = 64
}

/// When a block was sealed, by the clock since boot.
struct BlockSeal: Hashable, Sendable {
    var sealed: UInt64
    /// When the recorder had sealed the block in front of it, or `nil` if nobody knows.
    var before: UInt64?
}

extension ClockLine {
    /// What is to be added to both times of a span.
    ///
    /// - Parameter end: 0 for a span that never ended.
    func shift(start: UInt64, end: UInt64, _ seal: BlockSeal?) -> Shift {
        shift(
            start: start, end: end == 0 ? nil : end, sealed: seal?.sealed,
            sealedBefore: seal?.before)
    }
}

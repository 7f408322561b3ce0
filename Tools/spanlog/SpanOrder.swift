import SpanLogFormat
import SpanLogMerge

/// Which spans of a trace may have started in another order than they are shown in.
struct SpanOrder {
    private let trace: ArchivedTrace
    private let corrections: ClockCorrections
    /// The place of the span that is shown before each one, below the same parent.
    private let previous: [Int?]

    /// A span of another host, whose start is as close as clocks are not known.
    struct Doubt {
        let other: ArchivedSpan
        /// How far off the difference of the starts may be, or `nil` if nobody knows.
        let uncertaintyNanoseconds: UInt64?
    }

    init(_ trace: ArchivedTrace, _ corrections: ClockCorrections) {
        self.trace = trace
        self.corrections = corrections
        let ids = Set(trace.spans.map(\.record.spanID))
        var last: [SpanID?: Int] = [:]
        previous = trace.spans.indices.map { index in
            let parent = trace.spans[index].record.parentSpanID.flatMap {
                ids.contains($0) ? $0 : nil
            }
            return last.updateValue(index, forKey: parent)
        }
    }

    /// The span shown before this one, below the same parent, if it may have started after it.
    ///
    /// That a span starts after its parent needs no clock to say so.
    func doubt(at index: Int) -> Doubt? {
        previous[index].flatMap { doubt(trace.spans[$0], trace.spans[index]) }
    }

    private func doubt(_ earlier: ArchivedSpan, _ later: ArchivedSpan) -> Doubt? {
        guard let one = earlier.clock?.start, let other = later.clock?.start,
            !corrections.isOrderKnown(of: one, and: other)
        else { return nil }
        // By one clock, the order is known unless it was set just then.
        let uncertainty = corrections.uncertainty(between: one, and: other)
        if uncertainty == 0 { return nil }
        return Doubt(other: earlier, uncertaintyNanoseconds: uncertainty)
    }
}

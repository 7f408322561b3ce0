internal import SpanLogFormat

/// What became of the spans that somebody brought.
public struct ImportReceipt: Hashable, Sendable {
    /// The number of spans that are in the store now.
    public let spanCount: Int
    /// Spans that can be in no trace and were left out, by the reason.
    public let rejections: [Rejection]

    /// Spans that were left out for one reason.
    public struct Rejection: Hashable, Sendable {
        /// Such as `no trace id`.
        public let reason: String
        /// The number of spans.
        public let count: Int
    }

    /// The number of spans that were left out.
    public var rejectedSpanCount: Int { rejections.reduce(0) { $0 + $1.count } }

    /// What was left out and why, for a person; empty if nothing was.
    public var message: String {
        guard !rejections.isEmpty else { return "" }
        let reasons = rejections.map { "\($0.reason): \($0.count)" }.joined(separator: ", ")
        return "Spans that can be in no trace were not stored (\(reasons))."
    }

    init(_ traces: CheckedTraces) {
        spanCount = traces.spanCount
        rejections = SpanDefect.allCases.compactMap { defect in
            traces.rejections[defect].map { Rejection(reason: defect.rawValue, count: $0) }
        }
    }
}

public import Tracing

/// A moment that a caller has read from a clock of its own, or remembers: the start or end of a span
/// that is recorded afterwards.
///
/// ```swift
/// let span = tracer.startSpan("import", childOf: nil, at: SpanTime(nanosecondsSinceEpoch: began))
/// span.end(at: SpanTime(nanosecondsSinceEpoch: ended))
/// ```
///
/// Such a time is recorded as it is: steps of the host's wall clock are not undone in it.
public struct SpanTime: TracerInstant {
    /// Nanoseconds since 1970.
    public let nanosecondsSinceEpoch: UInt64

    /// Creates a moment.
    public init(nanosecondsSinceEpoch: UInt64) {
        self.nanosecondsSinceEpoch = nanosecondsSinceEpoch
    }

    /// Orders moments by time.
    public static func < (left: SpanTime, right: SpanTime) -> Bool {
        left.nanosecondsSinceEpoch < right.nanosecondsSinceEpoch
    }
}

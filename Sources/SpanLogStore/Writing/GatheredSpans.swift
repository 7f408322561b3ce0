/// Spans on their way into one block, encoded as the block will hold them.
package struct GatheredSpans: Sendable {
    /// Each span as an entry of OTLP's `ScopeSpans.spans`: tag, length, span.
    package private(set) var entries: [UInt8] = []
    package private(set) var spanCount: UInt32 = 0
    package private(set) var earliestNanoseconds = UInt64.max
    package private(set) var latestNanoseconds: UInt64 = 0

    package init() {}

    package var isEmpty: Bool { spanCount == 0 }

    /// Appends a serialized OTLP `Span`.
    ///
    /// - Complexity: O(*n*) in the bytes of `span`.
    package mutating func append(_ span: [UInt8], start: UInt64, end: UInt64) {
        EntryPrefix.append(spanByteCount: span.count, to: &entries)
        entries += span
        spanCount += 1
        earliestNanoseconds = min(earliestNanoseconds, start)
        latestNanoseconds = max(latestNanoseconds, end)
    }
}

/// Why a record can be in no trace.
package enum SpanDefect: String, Error, Hashable, Sendable, CaseIterable {
    case undecodable = "undecodable span"
    case noTraceID = "no trace id"
    case noSpanID = "no span id"
    case noStart = "no start"
    case endBeforeStart = "end before start"
    /// A time after the year 2262, which no signed 64-bit number of nanoseconds can hold.
    case impossibleTime = "impossible time"
}

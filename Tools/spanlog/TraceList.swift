import SpanLogFormat
import SpanLogMerge

/// A table of traces.
enum TraceList {
    static func lines(_ summaries: [TraceSummary]) -> [String] {
        let heads = ["TRACE", "START", "DURATION", "SPANS", "ERRORS", "NAME", "SERVICES"]
        let rows = [heads] + summaries.map(row)
        let widths = heads.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { Text.padded($0, $1) }.joined(separator: "  ")
            return String(cells.reversed().drop { $0 == " " }.reversed())
        }
    }

    private static func row(_ summary: TraceSummary) -> [String] {
        [
            summary.traceID.description,
            Text.time(summary.startNanoseconds),
            Text.duration(
                summary.endNanoseconds - min(summary.startNanoseconds, summary.endNanoseconds)),
            String(summary.spanCount),
            String(summary.errorCount),
            summary.isWhole ? summary.name : "\(summary.name) (incomplete)",
            summary.services.joined(separator: ", "),
        ]
    }
}

import SpanLogFormat

/// The spans of a trace drawn as an indented tree, so that a test compares them at a glance:
///
/// ```
/// plan (server)
///   search (client)
///     search (server) error: no such page
///   write
/// orphan of 00000000000000ff: tidy
/// in a cycle: loop
/// ```
///
/// Siblings come in the order of their starts, equal starts by span id.
package struct SpanTree: CustomStringConvertible {
    package private(set) var description = ""
    private let spans: [SpanRecord]
    private let children: [SpanID: [Int]]
    private var isDrawn: [Bool]

    package init(_ spans: some Sequence<SpanRecord>) {
        let spans = spans.sorted {
            ($0.startNanoseconds, $0.spanID) < ($1.startNanoseconds, $1.spanID)
        }
        self.spans = spans
        isDrawn = spans.map { _ in false }
        children = Dictionary(
            grouping: spans.indices.filter { spans[$0].parentSpanID != nil },
            by: { spans[$0].parentSpanID ?? SpanID(0) })
        let ids = Set(spans.map(\.spanID))
        for (index, span) in spans.enumerated() where span.parentSpanID == nil {
            draw(from: index, label: "")
        }
        for (index, span) in spans.enumerated() {
            guard let parent = span.parentSpanID, !ids.contains(parent) else { continue }
            draw(from: index, label: "orphan of \(parent): ")
        }
        for index in spans.indices { draw(from: index, label: "in a cycle: ") }
    }

    /// Draws a span and everything below it, without recursion: chains may be long.
    private mutating func draw(from root: Int, label: String) {
        var waiting = [(index: root, depth: 0)]
        while let (index, depth) = waiting.popLast() {
            guard !isDrawn[index] else { continue }
            isDrawn[index] = true
            if !description.isEmpty { description += "\n" }
            description += String(repeating: "  ", count: depth)
            description += (depth == 0 ? label : "") + Self.line(spans[index])
            for child in (children[spans[index].spanID] ?? []).reversed() {
                waiting.append((child, depth + 1))
            }
        }
    }

    private static func line(_ span: SpanRecord) -> String {
        var line = span.name
        if ![.unspecified, .internal].contains(span.kind) { line += " (\(span.kind))" }
        if span.status.code != .unset { line += " \(span.status.code)" }
        if !span.status.message.isEmpty { line += ": \(span.status.message)" }
        return line
    }
}

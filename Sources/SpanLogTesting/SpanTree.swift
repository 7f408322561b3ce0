public import SpanLogFormat

/// The spans of a trace drawn as an indented tree, so that a test compares them at a glance:
///
/// ```
/// plan (server)
///   search (client)
///     search (server) error: no such page
///   write {pages: 3}
/// wait (unfinished)
/// orphan of 00000000000000ff: tidy
/// in a cycle: loop
/// ```
///
/// A line has the span's name, its kind unless that is internal, its status unless that is unset, and
/// the attributes that were asked for. Siblings come in the order of their starts, equal starts by
/// span id.
public struct SpanTree: CustomStringConvertible {
    /// The drawing: one line for each span, without a line feed at the end.
    public private(set) var description = ""
    private let spans: [SpanRecord]
    private let attributes: [String]
    private let children: [SpanID: [Int]]
    private var isDrawn: [Bool]

    /// Draws `spans`, of one trace or of several.
    ///
    /// - Parameter attributes: The keys of the attributes to draw, in this order.
    /// - Complexity: O(*n* log *n*) in the number of spans.
    public init(_ spans: some Sequence<SpanRecord>, attributes: [String] = []) {
        self.init(
            sorted: spans.sorted {
                ($0.startNanoseconds, $0.spanID) < ($1.startNanoseconds, $1.spanID)
            }, attributes: attributes)
    }

    /// Draws spans whose order is that of siblings.
    init(sorted spans: [SpanRecord], attributes: [String]) {
        self.spans = spans
        self.attributes = attributes
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
            description += (depth == 0 ? label : "") + line(spans[index])
            for child in (children[spans[index].spanID] ?? []).reversed() {
                waiting.append((child, depth + 1))
            }
        }
    }

    private func line(_ span: SpanRecord) -> String {
        var line = span.name
        if ![.unspecified, .internal].contains(span.kind) { line += " (\(span.kind))" }
        if span.endNanoseconds == 0 { line += " (unfinished)" }
        if span.status.code != .unset { line += " \(span.status.code)" }
        if !span.status.message.isEmpty { line += ": \(span.status.message)" }
        let drawn = attributes.compactMap { key in
            span.attributes.value(for: key).map { "\(key): \(Self.text($0))" }
        }
        if !drawn.isEmpty { line += " {\(drawn.joined(separator: ", "))}" }
        return line
    }

    private static func text(_ value: AttributeValue) -> String {
        switch value {
        case .empty: "nothing"
        case .string(let text): text
        case .bool(let flag): "\(flag)"
        case .int(let number): "\(number)"
        case .double(let number): "\(number)"
        case .array(let values): "[\(values.map(text).joined(separator: ", "))]"
        case .map(let members):
            "{\(members.map { "\($0.key): \(text($0.value))" }.joined(separator: ", "))}"
        case .bytes(let bytes): "\(bytes.count) bytes"
        }
    }
}

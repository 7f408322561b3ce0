import SpanLogFormat
import SpanLogMerge

/// A trace drawn as a tree of spans with their services, durations and errors.
struct TraceTree {
    private let trace: ArchivedTrace
    private let ids: Set<SpanID>
    private let children: [SpanID: [Int]]
    private let roots: [Int]
    private let order: SpanOrder

    init(_ trace: ArchivedTrace, _ corrections: ClockCorrections) {
        self.trace = trace
        order = SpanOrder(trace, corrections)
        ids = Set(trace.spans.map(\.record.spanID))
        var children: [SpanID: [Int]] = [:]
        var roots: [Int] = []
        for (index, span) in trace.spans.enumerated() {
            if let parent = span.record.parentSpanID, ids.contains(parent) {
                children[parent, default: []].append(index)
            } else {
                roots.append(index)
            }
        }
        self.children = children
        self.roots = roots
    }

    /// The lines of the drawing. Spans that no root leads to, as in a cycle, come last.
    func lines(style: TerminalStyle) -> [String] {
        var lines = [head(style)]
        var drawn: Set<Int> = []
        for root in roots { draw(root, into: &lines, &drawn, style) }
        for index in trace.spans.indices where !drawn.contains(index) {
            draw(index, into: &lines, &drawn, style)
        }
        return lines
    }

    /// A span that waits to be drawn, with what stands left of it.
    private struct Waiting {
        let index: Int
        let branch: String
        let indent: String
    }

    private func draw(
        _ root: Int, into lines: inout [String], _ drawn: inout Set<Int>, _ style: TerminalStyle
    ) {
        var waiting = [Waiting(index: root, branch: "", indent: "")]
        while let next = waiting.popLast() {
            guard drawn.insert(next.index).inserted else { continue }
            lines.append(style.faint(next.branch) + line(next.index, style))
            let below = children[trace.spans[next.index].record.spanID] ?? []
            for (position, index) in below.enumerated().reversed() {
                let isLast = position == below.count - 1
                waiting.append(
                    Waiting(
                        index: index, branch: next.indent + (isLast ? "└─ " : "├─ "),
                        indent: next.indent + (isLast ? "   " : "│  ")))
            }
        }
    }

    private func head(_ style: TerminalStyle) -> String {
        let services = Set(trace.spans.map { $0.resource.serviceName ?? "" }).count
        let errors = trace.spans.count { $0.record.status.code == .error }
        var head = "trace \(style.bold(trace.id.description)): "
        head += "\(Text.count(trace.spans.count, "span")), \(Text.count(services, "service"))"
        if errors > 0 { head += ", " + style.red(Text.count(errors, "error")) }
        return head
    }

    private func line(_ index: Int, _ style: TerminalStyle) -> String {
        let span = trace.spans[index]
        let record = span.record
        var line = "\(record.name)  \(style.faint(span.resource.serviceName ?? ""))"
        line += style.faint(record.kind.suffix)
        if record.endNanoseconds >= record.startNanoseconds {
            line += "  \(Text.duration(record.endNanoseconds - record.startNanoseconds))"
        } else {
            line += "  unfinished"
        }
        if record.status.code == .error {
            let message = record.status.message
            line += "  " + style.red(message.isEmpty ? "ERROR" : "ERROR: \(message)")
        }
        if let parent = record.parentSpanID, !ids.contains(parent) {
            line += "  " + style.red("parent \(parent) is missing")
        }
        if let doubt = order.doubt(at: index) { line += "  " + style.faint(Self.text(doubt)) }
        return line
    }
}

extension TraceTree {
    private static func text(_ doubt: SpanOrder.Doubt) -> String {
        guard let uncertainty = doubt.uncertaintyNanoseconds else {
            return "≈ order unknown: clocks were not aligned"
        }
        return "≈ order unknown within ±\(Text.duration(uncertainty))"
    }
}

extension SpanRecord.Kind {
    fileprivate var suffix: String {
        self == .unspecified || self == .internal ? "" : " \(self)"
    }
}

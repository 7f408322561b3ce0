import SpanLogMerge
import SpanLogStore

/// How the report of a merge reads on a terminal.
enum MergeText {
    static func describe(_ report: MergeReport, output: String) -> String {
        var lines = report.stores.map { store in
            "\(store.path): \(services(store)), "
                + Text.count(store.recorders.map(\.spanCount).reduce(0, +), "span")
        }
        lines += report.stores.compactMap { store in
            StoreText.removed(store.removed).map { "\(store.path): \($0)" }
        }
        lines += report.damages.map { "damage: \($0.reason)" }
        lines.append(traces(report.traces))
        lines.append(accounting(report.accounting))
        lines.append("archive: \(output)")
        return lines.joined(separator: "\n")
    }

    private static func services(_ store: StoreReport) -> String {
        Set(store.recorders.map(\.service)).sorted().joined(separator: ", ")
    }

    private static func traces(_ traces: MergeReport.Traces) -> String {
        var line = "\(Text.count(traces.total, "trace")), \(traces.whole) whole"
        if traces.multiRoot > 0 { line += ", \(traces.multiRoot) with several roots" }
        if traces.headless > 0 { line += ", \(traces.headless) without a root" }
        if traces.unfinished > 0 {
            line += "; \(Text.count(traces.unfinished, "unfinished span"))"
        }
        if traces.orphans > 0 {
            line +=
                "; \(Text.count(traces.orphans, "orphan")) of "
                + Text.count(traces.missingParents, "missing parent")
        }
        if traces.sharedIDs > 0 {
            line += "; \(Text.count(traces.sharedIDs, "span id")) shared by different spans"
        }
        return line
    }

    private static func accounting(_ counts: MergeReport.Accounting) -> String {
        var line =
            "read \(counts.read) = \(counts.spansOut) out + \(counts.identical) identical "
            + "+ \(counts.replica) replicas + \(counts.joined) joined + "
            + "\(counts.quarantined.values.reduce(0, +)) quarantined"
        for (reason, count) in counts.quarantined.sorted(by: { $0.key < $1.key }) {
            line += "\n  quarantined: \(count) with \(reason)"
        }
        return line
    }
}

import SpanLogMerge
import SpanLogStore

/// How the report of a merge reads on a terminal.
enum MergeText {
    /// - Parameter archive: The archive that was written, or `nil` if none was.
    static func describe(_ report: MergeReport, archive: String?) -> String {
        var lines = report.stores.map(describe)
        lines += report.recorders.flatMap(losses)
        lines += report.stores.flatMap { store in
            StoreText.removedLines(store.removed).map { "\(store.path): \($0)" }
        }
        lines += report.damages.map { "damage: \(StoreText.describe($0))" }
        lines.append(traces(report.traces))
        lines += orphans(report)
        lines += identifiers(report.traces)
        if report.links.unresolved > 0 {
            lines.append(
                "\(report.links.unresolved) of \(Text.count(report.links.total, "link")) lead to "
                    + "spans that are not here")
        }
        lines += missingServices(report)
        lines += ClockLines.lines(report)
        lines.append(accounting(report.accounting))
        lines.append("digest: \(report.digest)")
        if let archive { lines.append("archive: \(archive)") }
        return lines.joined(separator: "\n")
    }

    private static func describe(_ store: StoreReport) -> String {
        let services = Set(store.recorders.map { Text.service($0.service) })
            .sorted().joined(separator: ", ")
        let spans = store.recorders.map(\.spanCount).reduce(0, +)
        return "\(store.path): \(services), \(Text.count(spans, "span"))"
    }

    private static func losses(_ recorder: MergeReport.Recorder) -> [String] {
        var losses: [String] = []
        if recorder.missingBlockCount > 0 {
            losses.append(Text.count(recorder.missingBlockCount, "missing block"))
        }
        if recorder.droppedSpanCount > 0 {
            losses.append(Text.count(recorder.droppedSpanCount, "dropped span"))
        }
        if recorder.openSpanCount > 0 {
            losses.append(Text.count(recorder.openSpanCount, "open span"))
        }
        if recorder.openSpanCount > 0 || recorder.isRunning {
            let time = Text.time(recorder.lastSeenNanoseconds)
            losses.append(
                recorder.isRunning ? "still running, read until \(time)" : "last seen \(time)")
        }
        guard !losses.isEmpty else { return [] }
        let host = recorder.host.isEmpty ? "" : " on \(recorder.host)"
        return [
            "  \(Text.service(recorder.service))\(host) (recorder \(recorder.id)): "
                + losses.joined(separator: ", ")
        ]
    }

    private static func traces(_ traces: MergeReport.Traces) -> String {
        var line = "\(Text.count(traces.total, "trace")), \(traces.whole) whole"
        if traces.multiRoot > 0 { line += ", \(traces.multiRoot) with several roots" }
        if traces.headless > 0 { line += ", \(traces.headless) without a root" }
        if traces.reopened > 0 { line += ", \(traces.reopened) opened again" }
        if traces.unfinished > 0 {
            line += "; \(Text.count(traces.unfinished, "unfinished span"))"
        }
        if traces.orphans > 0 {
            line +=
                "; \(Text.count(traces.orphans, "orphan")) of "
                + Text.count(traces.missingParents, "missing parent")
        }
        return line
    }

    private static func orphans(_ report: MergeReport) -> [String] {
        let orphans = report.orphans
        return [
            (orphans.storeNotGiven, "the parent's store was not given"),
            (orphans.gapOrDrop, "a recorder that may have held the parent lost spans"),
            (orphans.notSampled, "the parent was not sampled"),
            (orphans.unfinished, "the parent was open when its process died"),
            (orphans.unexplained, "nothing explains it"),
        ].filter { $0.0 > 0 }.map { "  \(Text.count($0.0, "orphan")): \($0.1)" }
    }

    private static func identifiers(_ traces: MergeReport.Traces) -> [String] {
        [
            (traces.sharedSplits, "server's half of a shared span id got one of its own"),
            (traces.collisions, "span got an id of its own, which another recorder had used"),
            (traces.cycles, "cycle of parents was cut"),
            (traces.tid64Joined, "span joined the trace whose id ends with its 64 bits"),
        ].filter { $0.0 > 0 }.map { "  \($0.0) × \($0.1)" }
    }

    private static func missingServices(_ report: MergeReport) -> [String] {
        report.missingServices.prefix(missingServicesMax).map { service in
            "no store of: \(service.name) (\(Text.count(service.callCount, "call")))"
        }
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

    private static let missingServicesMax = 20
}

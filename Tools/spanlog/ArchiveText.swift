import SpanLogMerge

/// How an archive's report reads on a terminal.
enum ArchiveText {
    /// One line, and one for each damage.
    static func verdict(_ report: ArchiveReport) -> String {
        let counts = [
            Text.count(report.blockCount, "block"), Text.count(report.spanCount, "span"),
            Text.count(report.traceCount, "trace"), "digest \(report.digest)",
        ]
        let head = report.isSound ? "sound" : "DAMAGED"
        let known = report.digest.isEmpty ? counts.dropLast() : counts[...]
        let line = "\(report.path): \(head) (\(known.joined(separator: ", ")))"
        let damages = report.damages.map { "  damage: \($0.reason)" }
        return ([line] + damages).joined(separator: "\n")
    }
}

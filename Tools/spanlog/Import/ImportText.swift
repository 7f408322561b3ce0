import SpanLogImport

/// How the report of an import reads on a terminal.
enum ImportText {
    /// A line for the file, and one for each thing that was not taken.
    static func describe(_ report: FileImportReport) -> String {
        var lines = [
            "\(report.file) (\(report.format.name)): \(accounting([report]))"
                + (report.resourceCount > 0
                    ? ", of \(Text.count(report.resourceCount, "resource"))" : "")
        ]
        if report.otherDocumentCount > 0 {
            let count = Text.count(report.otherDocumentCount, "document")
            lines.append("  passed over: \(count) of logs or metrics")
        }
        if report.unreadablePieceCount > 0 {
            let count = Text.count(report.unreadablePieceCount, "piece")
            lines.append("  unreadable: \(count), with nobody knows how many spans")
        }
        lines += report.problems.prefix(shownMax).map { "  not taken: \($0)" }
        let further =
            report.refusedSpanCount + report.unreadablePieceCount
            - UInt64(min(report.problems.count, shownMax))
        if further > 0 { lines.append("  and \(further) more (--json names the first 1,000)") }
        return lines.joined(separator: "\n")
    }

    /// What became of all files' spans, in a line.
    static func total(_ reports: [FileImportReport]) -> String {
        "\(Text.count(reports.count, "file")): \(accounting(reports))"
    }

    private static func accounting(_ reports: [FileImportReport]) -> String {
        func sum(_ count: (FileImportReport) -> UInt64) -> UInt64 {
            reports.reduce(0) { $0 + count($1) }
        }
        return "read \(sum(\.readSpanCount)) = \(sum(\.importedSpanCount)) imported + "
            + "\(sum(\.alreadyThereSpanCount)) already there + \(sum(\.refusedSpanCount)) refused"
    }

    private static let shownMax = 20
}

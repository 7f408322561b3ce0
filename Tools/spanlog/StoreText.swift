import SpanLogStore

/// How a store's report reads on a terminal.
enum StoreText {
    /// One line, and one for each damage.
    static func verdict(_ report: StoreReport) -> String {
        let recorders = report.recorders
        let counts =
            "\(Text.count(recorders.map(\.blockCount).reduce(0, +), "block")), "
            + Text.count(recorders.map(\.spanCount).reduce(0, +), "span")
        let head = report.isSound ? "sound" : "DAMAGED"
        let lines = ["\(report.path): \(head) (\(counts))"] + removed(report) + damages(report)
        return lines.joined(separator: "\n")
    }

    /// A paragraph for the store, and one for each recorder.
    static func describe(_ report: StoreReport) -> String {
        let spans = report.recorders.map(\.spanCount).reduce(0, +)
        let head =
            "\(report.path): \(Text.count(report.recorders.count, "recorder")), "
            + "\(Text.count(spans, "span")), \(Text.bytes(report.byteCount))"
        let lines = report.recorders.flatMap(describe)
        return ([head] + lines + removed(report) + damages(report)).joined(separator: "\n")
    }

    private static func describe(_ recorder: RecorderReport) -> [String] {
        let process = recorder.processID.map { ", process \($0)" } ?? ""
        let host = recorder.host.isEmpty ? "" : " on \(recorder.host)"
        var lines = [
            "  \(Text.service(recorder.service))\(host)\(process) (recorder \(recorder.id))",
            "    \(Text.count(recorder.spanCount, "span")) in "
                + "\(Text.count(recorder.blockCount, "block")), "
                + Text.count(recorder.segmentCount, "segment"),
        ]
        if let earliest = recorder.earliestNanoseconds, let latest = recorder.latestNanoseconds {
            lines.append("    \(Text.time(earliest)) to \(Text.time(latest))")
        }
        if recorder.openSpanCount > 0 {
            lines.append("    \(Text.count(recorder.openSpanCount, "span")) still open")
        }
        lines += drops(recorder.drops).map { "    \($0)" }
        if let removed = removed(recorder.removed) { lines.append("    \(removed)") }
        for gap in recorder.gaps {
            lines.append("    gap: blocks \(gap.first) to \(gap.last) are missing")
        }
        return lines
    }

    /// What a compaction did, and a line for each damage.
    static func describe(_ report: CompactionReport) -> String {
        var line = "\(report.path): "
        if report.joinedFileCount == 0 {
            line += "nothing to join"
        } else {
            line +=
                "joined \(Text.count(report.joinedFileCount, "file")) into "
                + "\(report.createdFileCount) (\(Text.count(report.blockCount, "block")), "
                + "\(Text.count(report.spanCount, "span")), "
                + "\(Text.count(report.openSpanCount, "unfinished span"))); "
                + "\(Text.bytes(report.byteCountBefore)) became "
                + Text.bytes(report.byteCountAfter)
        }
        if report.livingRecorderCount > 0 {
            line += "; left alone: \(Text.count(report.livingRecorderCount, "living recorder"))"
        }
        return ([line] + report.damages.map { "  left as it is: \(describe($0))" })
            .joined(separator: "\n")
    }

    /// What a rescue took and what is lost, and a line for each damage.
    static func describe(_ report: SalvageReport) -> String {
        let rescued = report.rescued
        var line =
            "\(report.output): rescued \(Text.count(rescued.blockCount, "block")), "
            + "\(Text.count(rescued.spanCount, "span")), "
            + "\(Text.count(rescued.openSpanCount, "unfinished span")), "
            + Text.bytes(report.byteCount)
        if report.lostBlockCount > 0 {
            line += "; lost for certain: \(Text.count(report.lostBlockCount, "block"))"
        }
        return ([line] + removed(report.source) + damages(report.source)).joined(separator: "\n")
    }

    /// What a recorder could not keep, in a line for each kind of loss.
    private static func drops(_ drops: RecorderReport.Drops) -> [String] {
        var lines: [String] = []
        if drops.total > 0 {
            lines.append(
                "dropped: \(drops.bufferFull) for want of memory, \(drops.writeFailed) because "
                    + "writing failed, \(drops.tooLarge) too large, \(drops.afterShutdown) after "
                    + "shutdown")
        }
        if drops.openTableFull > 0 {
            lines.append(
                "\(Text.count(drops.openTableFull, "span")) found no room in the table of open spans"
            )
        }
        if drops.redactionFailed > 0 {
            lines.append(
                "\(Text.count(drops.redactionFailed, "span")) recorded without attributes, events "
                    + "and message, since their redaction failed")
        }
        return lines
    }

    private static func removed(_ report: StoreReport) -> [String] {
        removedLines(report.removed).map { "  \($0)" }
    }

    /// What retention has removed, and what its recorders had dropped.
    static func removedLines(_ removed: StoreReport.Removed) -> [String] {
        [Self.removed(removed)].compactMap { $0 }
            + drops(removed.drops).map { "by recorders that are removed: \($0)" }
    }

    /// What retention has removed, in a line; `nil` if that is nothing.
    static func removed(_ removed: StoreReport.Removed) -> String? {
        guard !removed.isEmpty else { return nil }
        var line =
            "removed by retention: \(Text.count(removed.blockCount, "block")), "
            + Text.count(removed.spanCount, "span")
        if removed.openSpanCount > 0 {
            line += ", \(Text.count(removed.openSpanCount, "unfinished span"))"
        }
        if let earliest = removed.earliestNanoseconds, let latest = removed.latestNanoseconds {
            line += ", \(Text.time(earliest)) to \(Text.time(latest))"
        }
        return line
    }

    private static func damages(_ report: StoreReport) -> [String] {
        report.damages.map { "  damage: \(describe($0))" }
    }

    /// The file and what is wrong with it.
    static func describe(_ damage: Store.Damage) -> String {
        damage.reason.contains(damage.file) ? damage.reason : "\(damage.file): \(damage.reason)"
    }
}

import ArgumentParser
import FoundationEssentials
import SpanLogExport
import SpanLogFormat
import SpanLogMerge

/// Which traces of an archive a command takes.
struct TraceSelectionOptions: ParsableArguments {
    @Option(
        name: .customLong("trace"),
        help: ArgumentHelp(
            "Only this trace: its 32 hexadecimal digits. May be repeated.", valueName: "id"))
    var traces: [String] = []

    @Option(
        name: .customLong("service"),
        help: ArgumentHelp(
            "Only traces that this service took part in. May be repeated.", valueName: "name"))
    var services: [String] = []

    @Option(
        help: ArgumentHelp(
            "Only traces that started then or later, such as 2026-11-25 or 2026-11-25T08:30:00Z.",
            valueName: "time"))
    var since: String?

    @Option(help: ArgumentHelp("Only traces that started before then.", valueName: "time"))
    var until: String?

    @Option(
        help: ArgumentHelp(
            "Only traces that ended so; an error is a root that failed, never ended or is missing.",
            valueName: "status"))
    var status: Status?

    @Flag(help: "Take times as they were recorded, and not as the merge corrected them.")
    var rawTime = false

    enum Status: String, ExpressibleByArgument, CaseIterable {
        case ok
        case error
    }

    func validate() throws {
        _ = try selection()
    }

    /// The state that MLflow has for what was asked for.
    var state: MLflowState? {
        switch status {
        case .ok: .ok
        case .error: .error
        case nil: nil
        }
    }

    /// The traces of the archive at `path`, but for their state.
    ///
    /// - Throws: `ValidationError` if a trace was named that the archive does not hold.
    func traces(ofArchive path: String) throws -> SelectedTraces {
        var archive = try ArchiveReader(path)
        archive.readsRawTimes = rawTime
        let traces = try SelectedTraces(archive, selection())
        if let missing = traces.missingTraceIDs.first {
            throw ValidationError(
                "\(path) holds no trace \(missing): `spanlog show \(path)` lists what it holds.")
        }
        return traces
    }

    private func selection() throws -> TraceSelection {
        var selection = TraceSelection()
        if !traces.isEmpty { selection.traceIDs = Set(try traces.map(Self.traceID)) }
        selection.services = Set(services)
        if let since { selection.earliestStart = try Self.nanoseconds(since, "--since") }
        if let until { selection.startBefore = try Self.nanoseconds(until, "--until") }
        return selection
    }

    private static func traceID(_ text: String) throws -> TraceID {
        guard let id = TraceID(argument: text) else {
            throw ValidationError("\"\(text)\" is no trace id: it has 32 hexadecimal digits.")
        }
        return id
    }

    private static func nanoseconds(_ text: String, _ option: String) throws -> UInt64 {
        let day = Date.ISO8601FormatStyle().year().month().day()
        let styles = [
            Date.ISO8601FormatStyle(), Date.ISO8601FormatStyle(includingFractionalSeconds: true),
            day,
        ]
        for style in styles {
            guard let date = try? style.parse(text), date.timeIntervalSince1970 >= 0 else {
                continue
            }
            return UInt64(date.timeIntervalSince1970 * 1000) * 1_000_000
        }
        throw ValidationError(
            "\(option) \"\(text)\" is no time: write 2026-11-25 or 2026-11-25T08:30:00Z, in UTC or "
                + "with an offset such as +01:00.")
    }
}

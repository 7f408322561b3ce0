public import SpanLogFormat
public import SpanLogMerge

/// Which traces of an archive an export takes: those that satisfy everything that is asked for.
public struct TraceSelection: Sendable {
    /// Only these traces; `nil` for any.
    public var traceIDs: Set<TraceID>?
    /// Only traces that one of these services took part in; empty for any.
    public var services: Set<String> = []
    /// Only traces that started at this time or later, in nanoseconds since 1970.
    public var earliestStart: UInt64 = 0
    /// Only traces that started before this time, in nanoseconds since 1970; `nil` for any.
    public var startBefore: UInt64?
    /// Every trace.
    public init() {}

    /// Whether a trace is taken.
    func contains(_ summary: TraceSummary) -> Bool {
        traceIDs?.contains(summary.traceID) ?? true
            && (services.isEmpty || !services.isDisjoint(with: summary.services))
            && summary.startNanoseconds >= earliestStart
            && startBefore.map { summary.startNanoseconds < $0 } ?? true
    }
}

/// The traces of an archive that a selection takes, oldest first.
public struct SelectedTraces: TraceSource {
    private let archive: ArchiveReader
    private let selection: TraceSelection
    private let traceIDs: [TraceID]
    /// The number of spans of all these traces.
    public let spanCount: UInt64

    /// Reads the summaries of all traces.
    ///
    /// - Throws: ``MergeError`` if the archive is damaged.
    public init(_ archive: ArchiveReader, _ selection: TraceSelection) throws {
        self.archive = archive
        self.selection = selection
        var traceIDs: [TraceID] = []
        var spanCount: UInt64 = 0
        try archive.forEachSummary { summary in
            guard selection.contains(summary) else { return }
            traceIDs.append(summary.traceID)
            spanCount += UInt64(summary.spanCount)
        }
        self.traceIDs = traceIDs
        self.spanCount = spanCount
    }

    /// Whether nothing is selected.
    public var isEmpty: Bool { traceIDs.isEmpty }

    /// The identifiers that were asked for and that the archive does not hold.
    public var missingTraceIDs: [TraceID] {
        guard let asked = selection.traceIDs else { return [] }
        let found = Set(traceIDs)
        return asked.filter { !found.contains($0) && (try? archive.trace($0)) ?? nil == nil }
            .sorted { ($0.high, $0.low) < ($1.high, $1.low) }
    }

    /// Reads one trace after the other.
    public func forEachTrace(_ body: (ArchivedTrace) async throws -> Void) async throws {
        for id in traceIDs {
            if let trace = try archive.trace(id) { try await body(trace) }
        }
    }
}

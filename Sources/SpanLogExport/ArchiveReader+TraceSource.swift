public import SpanLogMerge

extension ArchiveReader: TraceSource {
    /// Reads one trace after the other, oldest first.
    public func forEachTrace(_ body: (ArchivedTrace) async throws -> Void) async throws {
        for id in try traceIDs() {
            guard let trace = try trace(id) else { continue }
            try await body(trace)
        }
    }
}

public import SpanLogMerge

/// Where an export takes its traces from: an archive, as a rule.
public protocol TraceSource {
    /// The number of spans that ``forEachTrace(_:)`` will deliver, for the sake of progress bars.
    var spanCount: UInt64 { get }

    /// Calls `body` with one trace after the other and waits for it, so that a source of any size
    /// needs memory for one trace only.
    ///
    /// - Throws: What `body` throws, or an error of its own.
    func forEachTrace(_ body: (ArchivedTrace) async throws -> Void) async throws
}

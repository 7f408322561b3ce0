import SpanLogFormat
import SpanLogMerge
import SpanLogStore

/// Writes whole traces into a file that MLflow's own package reads, for the far side of a gap that
/// no network crosses: a line of JSON for each trace, as `mlflow.entities.Trace.to_json` has it.
///
/// A line has beside MLflow's `info` and `data` the bytes that the trace refers to, as
/// `attachments`. `Tools/python/import_mlflow_file.py` brings the file to any tracking URI.
public struct MLflowFile: Sendable {
    /// The file.
    public let path: String
    /// Only traces of this state; `nil` for any.
    public var state: MLflowState?

    /// Names a file; nothing is written yet.
    public init(_ path: String, state: MLflowState? = nil) {
        self.path = path
        self.state = state
    }

    /// What was written.
    public struct Result: Sendable {
        /// The number of traces.
        public internal(set) var traceCount = 0
        /// The number of spans.
        public internal(set) var spanCount = 0
        /// The traces of which there are only notes, such as feedback, and no spans.
        public internal(set) var traceWithoutSpansCount = 0
    }

    /// Writes every trace of `source`, in place of what the file held. Until the end, the file that
    /// grows is named `.partial`.
    ///
    /// - Parameter progress: Called with the number of spans dealt with.
    /// - Throws: ``ExportError`` if the file cannot be written, or an error of `source`. What stood
    ///   at the path before is then still there.
    public func write(
        _ source: some TraceSource, progress: (_ spansDone: Int) -> Void = { _ in }
    ) async throws -> Result {
        let partial = path + ".partial"
        try file { () throws(SystemError) in try FileSystem.removeFile(partial) }
        do {
            let result = try await write(source, to: partial, progress)
            try file { () throws(SystemError) in
                try FileSystem.rename(partial, to: path)
                try FileSystem.syncDirectory(FileSystem.parent(of: path))
            }
            return result
        } catch {
            try? FileSystem.removeFile(partial)
            throw error
        }
    }

    private func write(
        _ source: some TraceSource, to partial: String, _ progress: (_ spansDone: Int) -> Void
    ) async throws -> Result {
        var result = Result()
        var done = 0
        var lines: [UInt8] = []
        func flush() throws {
            try file { () throws(SystemError) in try FileSystem.append(lines, to: partial) }
            lines = []
        }
        try await source.forEachTrace { archived in
            try Task.checkCancellation()
            done += archived.spans.count
            defer { progress(done) }
            guard let trace = MLflowTrace(archived) else {
                result.traceWithoutSpansCount += 1
                return
            }
            if let state, state != trace.info.state { return }
            lines += try JSON.encoded(MLflowFileLine(trace))
            lines.append(UInt8(ascii: "\n"))
            result.traceCount += 1
            result.spanCount += trace.spans.count
            if lines.count >= Self.writtenBytesMin { try flush() }
        }
        try flush()
        return result
    }

    private static let writtenBytesMin = 4 << 20

    private func file(_ body: () throws(SystemError) -> Void) throws(ExportError) {
        do throws(SystemError) {
            try body()
        } catch {
            throw ExportError(
                .fileUnavailable,
                "Cannot write \(path): \(error). Name a file in a directory that you may write to, "
                    + "on a disk with room.",
                cause: error)
        }
    }
}

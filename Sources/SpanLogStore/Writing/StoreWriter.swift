package import SpanLogFormat
import Synchronization

/// Brings spans that have ended into a store, from a thread of its own.
///
/// ``append(_:start:end:)`` never waits for the disk. A disk that fails does not end anything:
/// blocks are kept and tried again, and what finds no room meanwhile is counted and dropped.
package final class StoreWriter: Sendable {
    private let core: WriterCore
    private let thread: WriterThread

    /// What a writer may use and how soon it writes.
    package struct Options: Sendable {
        /// The longest that a span waits for its block, in nanoseconds.
        package var flushIntervalNanoseconds: UInt64 = 200_000_000
        /// The bytes of spans after which a block is written at once.
        package var blockBytesMax = 1 << 20
        /// The bytes of spans that may wait; one more span may go beyond it.
        package var bufferBytesMax = 64 << 20
        /// The bytes of the largest span.
        package var spanBytesMax = 256 << 20
        /// The bytes of a segment after which the next one is begun.
        package var segmentBytesMax = 1 << 30

        package init() {}
    }

    /// Opens the store at `path`, and begins to write with the first span.
    ///
    /// - Parameters:
    ///   - resource: The serialized OTLP `Resource` of all spans.
    ///   - scope: The serialized OTLP `InstrumentationScope` of all spans.
    ///   - onFailure: Called once when writing begins to fail, and once when it works again (with
    ///     `nil`), on the writer's thread.
    /// - Throws: ``StoreError`` if the directory cannot be used as a store.
    package init(
        path: String, recorderID: RecorderID, resource: [UInt8], scope: [UInt8],
        options: Options = Options(),
        onFailure: @escaping @Sendable (StoreError?) -> Void = { _ in }
    ) throws(StoreError) {
        let directory = try StoreDirectory.openForWriting(path)
        core = WriterCore(
            appender: BlockAppender(
                directory: directory, recorderID: recorderID, resource: resource, scope: scope,
                segmentBytesMax: options.segmentBytesMax),
            options: options, onFailure: onFailure)
        thread = try WriterThread(core)
    }

    deinit {
        core.stop()
    }

    /// Takes a serialized OTLP `Span` that has ended, or counts why it could not.
    package func append(_ span: [UInt8], start: UInt64, end: UInt64) {
        core.append(span, start: start, end: end)
    }

    /// Calls `completion` once everything taken so far is durable, or cannot be made so now.
    ///
    /// After a failure the spans are still kept, and written as soon as that is possible.
    package func flush(_ completion: @escaping @Sendable (StoreError?) -> Void) {
        core.flush(completion)
    }

    /// Refuses further spans, writes what was taken, and ends the thread; then calls `completion`,
    /// with the error if something had to be given up. Once is enough; more does no harm.
    package func shutdown(_ completion: @escaping @Sendable (StoreError?) -> Void) {
        core.shutdown(completion)
    }

    /// What has been lost so far.
    package var drops: DropCounters { core.drops }
}

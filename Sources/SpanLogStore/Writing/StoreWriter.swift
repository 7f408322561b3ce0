package import SpanLogFormat
import Synchronization

/// Brings spans that have ended into a store, from a thread of its own.
///
/// Nobody waits for the disk. A disk that fails does not end anything: spans stay in the spool and
/// are tried again, and what finds no room there meanwhile is counted and dropped.
package final class StoreWriter: Sendable {
    /// Where spans begin and end.
    package let spool: Spool
    private let core: WriterCore
    private let thread: WriterThread

    /// What a writer may use and how soon it writes.
    package struct Options: Sendable {
        /// The longest that a span waits for its block, in nanoseconds.
        package var flushIntervalNanoseconds: UInt64 = 200_000_000
        /// The bytes of a segment after which the next one is begun.
        package var segmentBytesMax = 1 << 30
        /// The nanoseconds after which the next segment is begun; `nil` for never.
        package var segmentAgeMaxNanoseconds: UInt64?
        /// When blocks are made durable.
        package var durability = Durability.everyBlock
        /// What the store may keep of recorders that have ended, and of this one's past.
        package var retention = RetentionLimits()
        /// Whether blocks are compressed.
        package var isCompressing = true
        /// Whether spans are thrown away instead of written: what benchmarks compare with.
        package var isDiscarding = false
        /// How much may wait.
        package var spool = Spool.Options()

        package init() {}
    }

    /// Opens the store at `path`, and begins to write with the first span.
    ///
    /// - Parameters:
    ///   - resource: The serialized OTLP `Resource` of all spans.
    ///   - scope: The serialized OTLP `InstrumentationScope` of all spans.
    ///   - onTick: Called each time the writer's thread wakes, on that thread.
    ///   - onFailure: Called once when writing begins to fail, and once when it works again (with
    ///     `nil`), on the writer's thread.
    /// - Throws: ``StoreError`` if the directory cannot be used as a store.
    package init(
        path: String, recorderID: RecorderID, resource: [UInt8], scope: [UInt8],
        options: Options = Options(), onTick: @escaping @Sendable () -> Void = {},
        onFailure: @escaping @Sendable (StoreError?) -> Void = { _ in }
    ) throws(StoreError) {
        let directory = try StoreDirectory.openForWriting(path)
        let sealer = BlockSealer(
            recorderID: recorderID, bootID: Clocks.bootID(), resource: resource, scope: scope)
        do {
            spool = try Spool(in: directory, sealer, options: options.spool)
        } catch {
            throw StoreError(
                .writeFailed,
                "Cannot reserve the spool's space in \(path): make room, or make the spool smaller.",
                cause: error)
        }
        core = WriterCore(
            spool: spool,
            appender: BlockAppender(
                directory: directory, recorderID: recorderID, options: options),
            retention: RetentionSchedule(directory, recorderID, options.retention),
            options: options, onTick: onTick, onFailure: onFailure)
        thread = try WriterThread { [core] in core.run() }
        spool.observeFullChunks { [weak core] in core?.wake() }
    }

    deinit {
        core.stop()
    }

    /// Takes a serialized OTLP `Span` that has ended, or counts why it could not.
    package func append(_ span: [UInt8], start: UInt64, end: UInt64) {
        spool.append(span, start: start, end: end)
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
        core.flush(isLast: true, completion)
    }

    /// What has been lost so far.
    package var drops: DropCounters { spool.drops }
}

public import Logging
public import ServiceLifecycle
internal import SpanLogFormat
internal import SpanLogStore
internal import Synchronization
internal import Tracing

/// Records the spans of this process into a store on its own disk.
///
/// Open one when the service starts and hand its tracer to swift-distributed-tracing; every
/// instrumented library then records and propagates by itself:
///
/// ```swift
/// let recorder = try Recorder(.init(serviceName: "planner", directory: "/var/lib/planner/spans"))
/// InstrumentationSystem.bootstrap(recorder.tracer)
/// ```
///
/// A span that has ended survives the process at once, and a loss of power once a thread of the
/// recorder's own has written it, every 200 ms or sooner. The disk never holds up the service: if it
/// fails, spans wait in the spool, and what finds no room there is counted in the store.
///
/// A recorder is a `Service` of swift-service-lifecycle: give it to the group as the first one, so
/// that it stops last. Any number of processes may record into one directory.
public final class Recorder: Service, Sendable {
    /// Where spans are made. Pass it to `InstrumentationSystem.bootstrap` or to `withTracer`.
    public let tracer: SpanLogTracer
    /// The directory of the store.
    public let directory: String
    private let writer: StoreWriter

    /// Opens the store, or creates it with mode 0700.
    ///
    /// - Parameters:
    ///   - configuration: The service and its store. What it leaves open, the environment says.
    ///   - logger: Told once when the disk begins to fail, and once when it works again.
    /// - Throws: ``RecorderError`` with a message that says what to do. Nothing is running then.
    public init(
        _ configuration: Configuration = Configuration(),
        logger: Logger = Logger(label: "spanlog")
    ) throws(RecorderError) {
        let directory = try configuration.resolvedDirectory()
        let recorderID = RecorderID.random()
        let sampler = try configuration.resolvedSampler()
        let limits = try configuration.resolvedLimits()
        let lanes = Box<[RecordingLane]>([])
        let resource = try configuration.resource(recorderID: recorderID)
        do {
            writer = try StoreWriter(
                path: directory, recorderID: recorderID, resource: resource.encoded(),
                scope: TracesData.scope(name: "spanlog", version: Version.current),
                options: configuration.writerOptions,
                onTick: { for lane in lanes.value.withLock(\.self) { lane.clock.synchronize() } },
                onFailure: { Self.log($0, to: logger) })
        } catch {
            throw RecorderError(error)
        }
        self.directory = directory
        let redaction = configuration.redact.map { [spool = writer.spool] hook in
            Redaction(hook: hook) { spool.countFailedRedaction() }
        }
        let core = TracerCore(
            writer: writer, sampler: sampler, limits: limits, redaction: redaction)
        lanes.value.withLock { $0 = core.lanes }
        tracer = SpanLogTracer(core)
    }

    /// Returns when every span that has ended by now is durable: it survives a loss of power.
    ///
    /// - Throws: ``RecorderError`` with code ``RecorderError/Code/writeFailed`` if the disk does
    ///   not take them now. They are kept, and written as soon as it does.
    public func flush() async throws {
        try await wait(writer.flush)
    }

    /// As ``flush()``, for code that is not asynchronous: it blocks the calling thread.
    @available(*, noasync, message: "await flush() instead")
    public func flushBlocking() throws {
        try writer.flushBlocking()
    }

    /// Makes durable what has ended, and records nothing any more. Calling it again does no harm.
    ///
    /// - Throws: ``RecorderError`` if spans had to be given up because the disk did not take them.
    public func shutdown() async throws {
        try await wait(writer.shutdown)
    }

    /// As ``shutdown()``, and blocks the calling thread.
    package func shutdownBlocking() throws {
        try writer.shutdownBlocking()
    }

    /// Waits until the service group shuts down or the task is cancelled, and then shuts down.
    public func run() async throws {
        // Cancelled or asked politely: either way what has ended must reach the disk.
        try? await gracefulShutdown()
        try await shutdown()
    }

    /// How many spans this recorder could not keep so far. It only grows.
    public var droppedSpanCount: UInt64 { writer.drops.total }

    private func wait(
        _ operation: (@escaping @Sendable (StoreError?) -> Void) -> Void
    ) async throws {
        let failure = await withCheckedContinuation { continuation in
            operation { continuation.resume(returning: $0) }
        }
        if let failure { throw RecorderError(failure) }
    }

    private static func log(_ failure: StoreError?, to logger: Logger) {
        if let failure {
            logger.error("\(failure)")
        } else {
            logger.notice("Spans are written again.")
        }
    }
}

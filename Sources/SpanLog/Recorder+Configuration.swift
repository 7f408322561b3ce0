internal import FoundationEssentials
internal import SpanLogFormat
internal import SpanLogStore
public import Tracing

extension Recorder {
    /// Which service records, where, and within which bounds.
    ///
    /// What is `nil` here is taken from the environment when the recorder opens: `OTEL_SERVICE_NAME`,
    /// `OTEL_RESOURCE_ATTRIBUTES`, `SPANLOG_DIR`, and `OTEL_TRACES_SAMPLER` with
    /// `OTEL_TRACES_SAMPLER_ARG` or `MLFLOW_TRACE_SAMPLING_RATIO`.
    public struct Configuration: Sendable {
        /// The service's name (`service.name`), the same in all its processes.
        public var serviceName: String?
        /// The service's version (`service.version`).
        public var serviceVersion: String?
        /// Further attributes of the resource. They win over those of the environment.
        public var resourceAttributes: SpanAttributes
        /// The directory of the store, on a local disk. It is created if it is not there.
        public var directory: String?
        /// Which spans are recorded. Unless somebody says otherwise, a span is if its parent is, and
        /// always without one.
        public var sampler: Sampler?
        /// How much a span may hold. Unless somebody says otherwise, OpenTelemetry's environment
        /// variables do (`OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT`, `OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT` and
        /// their siblings).
        public var limits: SpanLimits?
        /// Sees each span when it has ended, before it is stored anywhere, and takes out what must
        /// not be: secrets, personal data.
        ///
        /// If it throws, the span is stored without attributes, events and message, and counted.
        /// Attributes of spans that are still open do not survive the process then, and a span
        /// costs several times as much. It is called on the thread that ends the span.
        public var redact: (@Sendable (inout RedactableSpan) throws -> Void)?
        /// The longest that a span which has ended waits to be written.
        public var flushInterval: Duration = .milliseconds(200)
        /// The bytes of the spool: of the file in the store that holds spans which have ended and
        /// are in no block yet. It is reserved on the disk, and bounds memory. Spans that end while
        /// it is full are dropped and counted.
        public var spoolBytesMax = 32 << 20
        /// What becomes of a span that ends while the spool is full.
        public var whenFull = WhenFull.drop
        /// The bytes of spans after which a block is written without waiting any longer.
        public var blockBytesMax = 1 << 20
        /// The bytes of the largest span that is recorded, and of all the spans larger than a block
        /// that may wait for the disk; more are dropped and counted.
        public var spanBytesMax = 256 << 20
        /// How many open spans survive the process. Those beyond are recorded when they end, and
        /// counted.
        public var openSpansMax = 8192
        /// How blocks are compressed, on the recorder's own thread.
        public var compression = Compression.zstd
        /// When what has ended is written and synced. A flush and a shutdown always do both.
        public var durability = Durability.everyBlock
        /// The bytes after which a segment is closed and the next one begun; at most a quarter of
        /// ``storeBytesMax``.
        public var segmentBytesMax = 1 << 30
        /// The age at which a segment is closed and the next one begun; `nil` is a quarter of
        /// ``storeAgeMax`` if there is one.
        public var segmentAgeMax: Duration?
        /// The bytes of all files in the store. If there are more, whole files are removed, the
        /// oldest first: segments that this recorder has finished, and what dead recorders left
        /// behind. What is removed is counted, and no damage. `nil` removes nothing.
        ///
        /// Files that living recorders write are never removed, so a store takes at least their
        /// spools and their segments. Another living recorder's files are not touched at all. What is
        /// removed is recorded before, which takes a few KiB: choose a limit below the disk's size.
        public var storeBytesMax: Int?
        /// The age at which files are removed in the same way.
        public var storeAgeMax: Duration?

        /// Whether spans are thrown away instead of written: what benchmarks compare with.
        package var isDiscarding = false

        private let environment: [String: String]

        /// Creates a configuration with the default bounds.
        ///
        /// - Parameter environment: The variables to read; `nil` for those of the process.
        public init(
            serviceName: String? = nil, serviceVersion: String? = nil,
            resourceAttributes: SpanAttributes = [:], directory: String? = nil,
            environment: [String: String]? = nil
        ) {
            self.serviceName = serviceName
            self.serviceVersion = serviceVersion
            self.resourceAttributes = resourceAttributes
            self.directory = directory
            self.environment = environment ?? ProcessInfo.processInfo.environment
        }
    }
}

extension Recorder.Configuration {
    /// What becomes of a span that ends while the spool is full, because the disk has fallen behind
    /// or fails.
    public enum WhenFull: Hashable, Sendable {
        /// It is dropped and counted, and nobody waits.
        case drop
        /// The thread that ends it waits for room, but no longer than this; then it is dropped and
        /// counted. Only for programs that may stand still, such as tests and batch jobs.
        case wait(Duration)
    }

    /// When spans that have ended are written into a segment and synced, so that they survive a loss
    /// of power. The death of the process loses none of them, whatever is chosen: until then they
    /// are in the spool. Nor is a segment ever damaged by a loss of power.
    public enum Durability: Hashable, Sendable {
        /// Whenever ``flushInterval`` has passed or a block is full. A loss of power takes what
        /// ended since.
        case everyBlock
        /// When so much time has passed, or a quarter of the spool is full. A loss of power takes
        /// what ended since, but for what the system wrote of the spool by itself.
        case interval(Duration)
        /// When a quarter of the spool is full. Until then the system writes the spool's pages when
        /// it likes, on Linux after half a minute; a loss of power takes what it has not.
        case system
    }

    /// How the blocks of a store are compressed.
    public enum Compression: Hashable, Sendable {
        /// Not at all.
        case none
        /// By Zstandard at its level 1: spans take a quarter of the space or so. A block that does
        /// not get smaller is stored as it is.
        case zstd
    }
}

extension Recorder.Configuration {
    func resolvedDirectory() throws(RecorderError) -> String {
        guard let directory = directory ?? nonEmpty("SPANLOG_DIR"), !directory.isEmpty else {
            throw RecorderError(
                .noDirectory,
                "Nobody said where to record: pass a directory to Recorder.Configuration, or set "
                    + "SPANLOG_DIR.")
        }
        return directory
    }

    func resolvedSampler() throws(RecorderError) -> Sampler {
        if let sampler { return sampler }
        return try Sampler(environment: environment) ?? .parentBased()
    }

    func resolvedLimits() throws(RecorderError) -> SpanLimits {
        if let limits { return limits }
        return try SpanLimits(environment: environment)
    }

    /// The resource of all spans, by OpenTelemetry's rules: code wins over `OTEL_SERVICE_NAME`,
    /// which wins over `OTEL_RESOURCE_ATTRIBUTES`, which wins over what can be found out.
    func resource(recorderID: RecorderID) throws(RecorderError) -> Resource {
        var values = HostResource.attributes(recorderID: recorderID)
        if let text = nonEmpty("OTEL_RESOURCE_ATTRIBUTES") {
            guard let attributes = ResourceAttributesVariable.parse(text) else {
                throw RecorderError(
                    .invalidConfiguration,
                    "OTEL_RESOURCE_ATTRIBUTES is not a list like key=value,key=value with "
                        + "percent-encoded values: correct it or unset it.")
            }
            for (key, value) in attributes { values[key] = .string(value) }
        }
        if let name = serviceName ?? nonEmpty("OTEL_SERVICE_NAME") {
            values["service.name"] = .string(name)
        }
        if let serviceVersion { values["service.version"] = .string(serviceVersion) }
        resourceAttributes.forEach { values[$0] = AttributeValue($1) }
        return Resource(
            attributes: values.sorted { $0.key < $1.key }.map { Attribute($0.key, $0.value) })
    }

    /// The bounds, each brought into what the format and the system can do.
    var writerOptions: StoreWriter.Options {
        var options = StoreWriter.Options()
        options.flushIntervalNanoseconds = flushInterval.nanoseconds(atMost: .seconds(3600))
        options.isCompressing = compression == .zstd
        options.isDiscarding = isDiscarding
        setFilesAndRetention(&options)
        // A chunk of the spool becomes a block, behind a header and a resource.
        let chunkByteCount = blockBytesMax.clamped(64 << 10, 64 << 20)
        options.spool.chunkByteCount = chunkByteCount
        options.spool.chunkCount = (spoolBytesMax / chunkByteCount).clamped(4, 1 << 16)
        options.spool.spanBytesMax = spanBytesMax.clamped(0, 1 << 30)
        options.spool.slotCount = openSpansMax.clamped(0, 1 << 20)
        if case .wait(let limit) = whenFull {
            options.spool.waitNanoseconds = limit.nanoseconds(atMost: .seconds(3600))
        }
        return options
    }

    private func setFilesAndRetention(_ options: inout StoreWriter.Options) {
        switch durability {
        case .everyBlock: options.durability = .everyBlock
        case .interval(let interval):
            options.durability = .interval(nanoseconds: interval.nanoseconds(atMost: .ages))
        case .system: options.durability = .system
        }
        options.segmentBytesMax = min(segmentBytesMax, (storeBytesMax ?? .max) / 4)
            .clamped(1 << 20, 1 << 40)
        options.segmentAgeMaxNanoseconds = (segmentAgeMax ?? storeAgeMax.map { $0 / 4 })
            .map { max($0.nanoseconds(atMost: .ages), 1) }
        options.retention.byteCountMax = storeBytesMax.map { UInt64(clamping: $0) }
        options.retention.ageNanosecondsMax = storeAgeMax?.nanoseconds(atMost: .ages)
    }

    private func nonEmpty(_ name: String) -> String? {
        environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension Duration {
    /// Longer than anything is kept.
    fileprivate static let ages = Duration.seconds(100 * 365 * 86_400 as Int64)

    /// The duration in nanoseconds: 0 if it is negative, and `greatest` if it is longer than that.
    fileprivate func nanoseconds(atMost greatest: Duration) -> UInt64 {
        let bounded = Swift.min(Swift.max(self, .zero), greatest)
        let parts = bounded.components
        return UInt64(parts.seconds) * 1_000_000_000 + UInt64(parts.attoseconds) / 1_000_000_000
    }
}

extension Int {
    fileprivate func clamped(_ least: Int, _ greatest: Int) -> Int {
        Swift.min(Swift.max(self, least), greatest)
    }
}

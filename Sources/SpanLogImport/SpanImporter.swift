internal import SpanLogFormat
public import SpanLogStore

/// Brings spans that others recorded into a store, as OTLP bytes.
///
/// Who calls ``append(_:clock:)`` waits until its spans are durable; what several bring at the same
/// time shares one transaction. Each resource is a recorder of its own, with a random id, so that to a
/// merge it is the process that it was.
public final class SpanImporter: Sendable {
    private let core: ImportCore
    private let limits: CheckedTraces.Limits

    /// How an importer writes, and how much it takes.
    public struct Options: Sendable {
        /// The bytes of requests that may wait for the disk; more are refused as
        /// ``ImportError/Code/busy``. One alone always has room.
        public var waitingBytesMax = 256 << 20
        /// The spans of one request.
        public var spanCountMax = 1 << 18
        /// The bytes of a segment after which the next one is begun; at most a quarter of
        /// ``storeBytesMax``.
        public var segmentBytesMax = 1 << 30
        /// The bytes that the store may take; `nil` for any number. Whole files are removed, the
        /// oldest first, as a recorder does it.
        public var storeBytesMax: Int?
        /// The age at which files are removed in the same way; `nil` for never.
        public var storeAgeMax: Duration?
        /// Whether blocks are compressed.
        public var isCompressing = true

        /// Creates the defaults.
        public init() {}
    }

    /// Opens the store at `path`, and makes it if it is not there.
    ///
    /// - Throws: ``StoreError`` if the directory cannot be used as a store.
    public init(store path: String, options: Options = Options()) throws(StoreError) {
        var limits = CheckedTraces.Limits()
        limits.spanCountMax = max(1, options.spanCountMax)
        self.limits = limits
        let writer = try SharedStoreWriter(
            path: path, recorderID: .random(), options: options.writerOptions)
        core = ImportCore(writer, waitingBytesMax: options.waitingBytesMax)
        _ = try WriterThread { [core] in core.run() }
    }

    deinit {
        core.stop()
    }

    /// Stores the spans of `request`, and returns once they survive a loss of power.
    ///
    /// Spans that can be in no trace are left out; the receipt says how many, and why. Nothing else is
    /// changed: the bytes of the others stay as they are.
    ///
    /// - Parameters:
    ///   - request: A serialized OTLP `ExportTraceServiceRequest`, or `TracesData`, which is the same.
    ///   - clock: Whose clock stamped the spans.
    /// - Throws: ``ImportError``. The spans are then to be sent again, unless it says that they are
    ///   malformed.
    public func append(
        _ request: [UInt8], clock: SenderClock
    ) async throws(ImportError) -> ImportReceipt {
        let traces: CheckedTraces
        do {
            traces = try CheckedTraces(checking: request, limits: limits)
        } catch {
            throw ImportError(.malformed, "The spans cannot be read: \(error.description).")
        }
        let result = await withCheckedContinuation { continuation in
            core.add(traces, clock) { continuation.resume(returning: $0) }
        }
        if let error = result { throw error }
        return ImportReceipt(traces)
    }

    /// Refuses further spans, writes those that wait, and returns when the store is as it is to stay.
    public func shutdown() async {
        await withCheckedContinuation { continuation in
            core.stop { continuation.resume() }
        }
    }
}

/// Whose clock stamped spans that are imported.
public enum SenderClock: Hashable, Sendable {
    /// This host's, since it was booted: the spans come from a process that runs here.
    case thisHost
    /// That of another host, or of an earlier boot. A merge finds out how far it was off, as for any
    /// other instance of a service.
    case unknown
}

extension SpanImporter.Options {
    var writerOptions: StoreWriter.Options {
        var options = StoreWriter.Options()
        options.isCompressing = isCompressing
        options.segmentBytesMax = min(
            max(1 << 20, min(segmentBytesMax, (storeBytesMax ?? .max) / 4)), 1 << 40)
        options.retention.byteCountMax = storeBytesMax.map { UInt64(clamping: $0) }
        if let storeAgeMax {
            let century: Int64 = 100 * 365 * 86_400
            let seconds = min(max(storeAgeMax.components.seconds, 0), century)
            options.retention.ageNanosecondsMax = UInt64(seconds) * 1_000_000_000
            options.segmentAgeMaxNanoseconds = max(1, UInt64(seconds) * 1_000_000_000 / 4)
        }
        return options
    }
}

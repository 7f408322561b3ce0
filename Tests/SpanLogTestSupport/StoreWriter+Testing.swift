import SpanLogFormat
import SpanLogStore

extension StoreWriter {
    /// Opens a store for a recorder whose id consists of `recorder` sixteen times.
    package convenience init(
        _ path: String, recorder: UInt8 = 1, service: String = "test",
        options: Options = .forTesting,
        onFailure: @escaping @Sendable (StoreError?) -> Void = { _ in }
    ) throws(StoreError) {
        let resource = Resource(attributes: [Attribute("service.name", .string(service))])
        try self.init(
            path: path, recorderID: .testing(recorder), resource: resource.encoded(),
            scope: TracesData.scope(name: "test", version: "1"), options: options,
            onFailure: onFailure)
    }

    package func append(_ span: SpanRecord) {
        append(span.encoded(), start: span.startNanoseconds, end: span.endNanoseconds)
    }

    /// Waits until what was appended is durable, or cannot be made so.
    package func flush() async -> StoreError? {
        await withCheckedContinuation { continuation in
            flush { continuation.resume(returning: $0) }
        }
    }

    package func shutdown() async -> StoreError? {
        await withCheckedContinuation { continuation in
            shutdown { continuation.resume(returning: $0) }
        }
    }
}

extension StoreWriter.Options {
    /// Blocks are written when a test asks for it, not when time passes.
    package static var forTesting: Self {
        var options = Self()
        options.flushIntervalNanoseconds = 3600 * 1_000_000_000
        return options
    }
}

extension RecorderID {
    /// The id that consists of `byte` sixteen times.
    package static func testing(_ byte: UInt8) -> RecorderID {
        RecorderID(bytes: [UInt8](repeating: byte, count: byteCount))!
    }
}

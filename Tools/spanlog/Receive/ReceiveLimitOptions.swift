import ArgumentParser
import SpanLogImport

/// How much a receiver takes, and what its store may keep.
struct ReceiveLimitOptions: ParsableArguments {
    @Option(help: "The size of a body at most, also once it is decompressed (default: 64M).")
    var bodyMax: ByteSize?
    @Option(help: "The memory for all bodies at most (default: 256M, or four bodies).")
    var memory: ByteSize?
    @Option(help: "The size of all bodies in a second at most (default: 128M).")
    var rateMax: ByteSize?
    @Option(help: "The number of requests under way at most.")
    var requestsMax = ReceiveLimits().requestCountMax
    @Option(help: "How many seconds a request may take to arrive.")
    var requestSecondsMax = ReceiveLimits().requestSecondsMax
    @Option(help: "The number of connections at most.")
    var connectionsMax = ReceiveLimits().connectionCountMax
    @Option(help: "The size of the store at most; the oldest files go first.")
    var storeBytesMax: ByteSize?
    @Option(help: "The age at which the store's files go, in hours.")
    var storeHoursMax: Int?

    func validate() throws {
        let limits = [requestsMax, requestSecondsMax, connectionsMax, storeHoursMax ?? 1]
        guard receiving.memoryByteCountMax >= 3 * receiving.bodyByteCountMax else {
            throw ValidationError(
                "--memory must be three times --body-max at least: a body is there compressed, "
                    + "decompressed, and as what JSON becomes.")
        }
        guard limits.allSatisfy({ (1...1_000_000) ~= $0 }) else {
            throw ValidationError("Limits are numbers from 1 to 1000000.")
        }
    }

    var receiving: ReceiveLimits {
        var limits = ReceiveLimits()
        if let bodyMax { limits.bodyByteCountMax = bodyMax.byteCount }
        limits.memoryByteCountMax =
            memory?.byteCount ?? max(limits.memoryByteCountMax, 4 * limits.bodyByteCountMax)
        if let rateMax { limits.bytesPerSecondMax = rateMax.byteCount }
        limits.requestCountMax = requestsMax
        limits.requestSecondsMax = requestSecondsMax
        limits.connectionCountMax = connectionsMax
        return limits
    }

    var importing: SpanImporter.Options {
        var options = SpanImporter.Options()
        options.waitingBytesMax = receiving.memoryByteCountMax
        options.storeBytesMax = storeBytesMax?.byteCount
        options.storeAgeMax = storeHoursMax.map { .seconds(3600 * $0) }
        return options
    }
}

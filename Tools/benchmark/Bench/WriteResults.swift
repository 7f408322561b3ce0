import Foundation

/// What `Tools/bench write` prints.
struct WriteResults: Encodable {
    var sustainedSpansPerSecond = 0.0
    var sustainedRatio = 0.0
    var sustainedLostCount: UInt64 = 0
    var storedBytesPerSpan = 0.0
    var peakMemoryBytes = 0
    var writerSpansPerSecond = 0.0
    var lmdbSpansPerSecond = 0.0
    var writerRatio = 0.0
    var pacedLostCount: UInt64 = 0
    var endNanosecondsMedian: UInt64 = 0
    var endNanoseconds9999: UInt64 = 0
    var endNanosecondsMax: UInt64 = 0

    func print(asJSON isJSON: Bool) throws {
        if isJSON { return try printJSON(self) }
        let million = 1e6
        let lines = [
            String(
                format:
                    "one producer at full speed   %.2f million spans/s, %.2f of the rate without "
                    + "a store, %llu lost", sustainedSpansPerSecond / million, sustainedRatio,
                sustainedLostCount),
            String(format: "on disk                      %.1f bytes a span", storedBytesPerSpan),
            String(
                format: "peak memory                  %.0f MiB", Double(peakMemoryBytes) / 1048576),
            String(
                format: "encoded spans to durable     %.2f million spans/s, %.2f of liblmdb alone "
                    + "(%.2f million)", writerSpansPerSecond / million, writerRatio,
                lmdbSpansPerSecond / million),
            String(
                format: "end() at 10,000 spans/s      median %.2f µs, p99.99 %.1f µs, greatest "
                    + "%.0f µs, %llu lost", Double(endNanosecondsMedian) / 1000,
                Double(endNanoseconds9999) / 1000, Double(endNanosecondsMax) / 1000,
                pacedLostCount),
        ]
        for line in lines { Swift.print(line) }
    }
}

/// Prints a value as JSON with keys in snake case.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

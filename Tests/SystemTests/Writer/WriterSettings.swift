import SpanLog

/// What a test sets besides the store and the service, as a JSON object. The rest keeps its default.
struct WriterSettings: Decodable {
    let segmentBytesMax: Int?
    let blockBytesMax: Int?
    let spoolBytesMax: Int?
    let openSpansMax: Int?
    let flushIntervalMilliseconds: Int?
    let storeBytesMax: Int?

    func apply(to configuration: inout Recorder.Configuration) {
        if let segmentBytesMax { configuration.segmentBytesMax = segmentBytesMax }
        if let blockBytesMax { configuration.blockBytesMax = blockBytesMax }
        if let spoolBytesMax { configuration.spoolBytesMax = spoolBytesMax }
        if let openSpansMax { configuration.openSpansMax = openSpansMax }
        if let storeBytesMax { configuration.storeBytesMax = storeBytesMax }
        if let flushIntervalMilliseconds {
            configuration.flushInterval = .milliseconds(flushIntervalMilliseconds)
        }
    }
}

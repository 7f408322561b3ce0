/// What an import believes of files at most.
enum FileLimits {
    /// The bytes of one element: a `ResourceSpans` of OTLP's JSON, a message behind its length, a trace
    /// of Jaeger's, a span of Zipkin's.
    static let elementByteCountMax = 1 << 28
    /// The resources of one file that are told apart.
    static let resourceCountMax = 1 << 18
    /// The bytes of spans that wait to become blocks.
    static let gatheringByteCountMax = 32 << 20
    /// The bytes at which a block is complete.
    static let blockByteCount = 1 << 20
    /// What is named of what could not be taken.
    static let problemCountMax = 1000
}

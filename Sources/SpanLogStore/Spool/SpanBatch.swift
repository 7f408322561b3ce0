/// Spans on their way into one block.
struct SpanBatch: Sendable {
    let summary: BlockSealer.Summary
    let source: Source

    /// Where the spans are, and survive the process, until the block is durable.
    enum Source: Sendable {
        /// A chunk of the spool, with this many bytes of entries.
        case chunk(Int, byteCount: Int)
        /// A span that is larger than a chunk, in a file of its own that is the block already.
        case file(String, block: [UInt8])
        /// Nowhere but here: entries that the writer made up.
        case memory(entries: [UInt8])
    }
}

import SpanLogFormat
import SpanLogStore

/// What a store holds, read back.
struct StoredContent {
    /// The blocks' headers, by recorder and sequence as they were read.
    private(set) var headers: [BlockHeader] = []
    /// The serialized spans, in the same order.
    private(set) var spans: [[UInt8]] = []
    private(set) var damages: [Store.Damage] = []

    init(_ path: String) throws {
        damages = try Store(path).forEachBlock { block, _ in
            headers.append(block.header)
            let before = spans.count
            try TracesData.forEachSpan(in: block.bytes, block.payload) { place in
                spans.append(Array(block.bytes[place.span]))
            }
            guard spans.count - before == Int(block.header.spanCount) else {
                throw FormatError("a block has another number of spans than its header says")
            }
        }
    }

    var sequences: [UInt64] { headers.map(\.sequence) }
}

import SpanLogFormat
import SpanLogTestSupport

/// Serialized spans with the attributes that are looked for in place, in any way that can be read:
/// with several of one key, with fields out of order, repeated, unknown or in longer spellings, and
/// with bytes that are not UTF-8.
struct EncodedSpans {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func next() -> [UInt8] {
        var writer = ProtobufWriter()
        for _ in 0..<generator.below(10) {
            if generator.below(4) == 0 { other(&writer) }
            if generator.below(40) == 0 {
                let system = generator.element(of: CalledServiceReference.systems)
                writer.attributes(OTLPField.Span.attributes, [Attribute(system, .bool(true))])
            }
            message(OTLPField.Span.attributes, attribute(), &writer)
        }
        if generator.below(2) == 0 { other(&writer) }
        return writer.bytes
    }

    private mutating func other(_ writer: inout ProtobufWriter) {
        switch generator.below(5) {
        case 0: writer.string(OTLPField.Span.name, generator.element(of: Self.names))
        case 1: writer.fixed64(OTLPField.Span.startNanoseconds, generator.next())
        case 2: writer.uint64(OTLPField.Span.kind, 3)
        case 3: writer.fixed32(OTLPField.Span.flags, 1)
        default: writer.data(1000, generator.bytes(count: generator.below(200)))
        }
    }

    private mutating func attribute() -> [UInt8] {
        var writer = ProtobufWriter()
        let key = Array(generator.element(of: Self.keys).utf8)
        guard generator.below(4) == 0 else {
            message(OTLPField.KeyValue.key, key, &writer)
            message(OTLPField.KeyValue.value, value(), &writer)
            return writer.bytes
        }
        for _ in 0..<generator.below(5) {
            switch generator.below(4) {
            case 0: writer.string(OTLPField.KeyValue.key, generator.element(of: Self.keys))
            case 1: message(OTLPField.KeyValue.key, key, &writer)
            case 2: message(OTLPField.KeyValue.value, value(), &writer)
            default: writer.uint64(3 + generator.below(40), generator.next())
            }
        }
        return writer.bytes
    }

    private mutating func value() -> [UInt8] {
        typealias Field = OTLPField.AnyValue
        var writer = ProtobufWriter()
        for _ in 0..<(generator.below(4) > 0 ? 1 : generator.below(4)) {
            switch generator.below(24) {
            case 0: writer.uint64(Field.int, generator.element(of: [1, 4, 408, 504, 80, 70_000]))
            case 1: writer.uint64(Field.int, generator.next())
            case 2: writer.fixed32(Field.int, 80)
            case 3: writer.uint64(Field.bool, 1)
            case 4: writer.data(Field.array, [] as [UInt8])
            case 5: writer.uint64(9, 1)
            case 6: writer.fixed64(Field.double, generator.next())
            case 7: writer.fixed64(Field.int, 499)
            default: message(Field.string, text(), &writer)
            }
        }
        return writer.bytes
    }

    private mutating func text() -> [UInt8] {
        var text: [UInt8] = []
        for _ in 0..<generator.below(5) { text += Array(generator.element(of: Self.parts).utf8) }
        if generator.below(10) == 0 {
            text.insert(generator.byte(), at: generator.below(text.count + 1))
        }
        return text
    }

    /// Writes a field with a tag and a length that may be longer than they need to be.
    private mutating func message(
        _ field: Int, _ content: [UInt8], _ writer: inout ProtobufWriter
    ) {
        guard generator.below(10) == 0 else { return writer.data(field, content) }
        writer.bytes += [UInt8(field << 3 | 2) | 0x80, 0x80, 0]
        writer.bytes += [UInt8(content.count & 0x7F) | 0x80, UInt8(content.count >> 7)]
        writer.bytes += content
    }

    private static let keys =
        CalledServiceReference.names + ["server.address", "server.port", "net.peer.name"]
        + ["net.peer.port", "network.peer.address", "network.peer.port", "url.full", "http.url"]
        + ["url.full", "http.url", "server.address", "rpc.system", "net.peer.nama", "url.fulk"]
        + ["", "network.peer.addresz", "network.peer.pord", "networkkpeer.port", "http.method"]
        + ["messaging.systen", "db.systen", "error.type", "http.status_code"]
        + ["rpc.grpc.status_code", "http.response.status_code", AttributeKey.traceName]
    private static let names = ["peer.service", AttributeKey.noteName]
    private static let parts = [
        "http", "://", "://", "/", "?", "#", "@", ":", "host", "10.0.0.7", "a", "ü", "e\u{301}",
        "\u{301}", "\u{600}", "\r\n", "🏳️‍🌈", " ", String(repeating: "x", count: 70),
    ]
}

import SpanLogFormat
import SpanLogTestSupport
import Testing

@Suite struct CalledServiceTests {
    private typealias Case = (attributes: [Attribute], name: String?)

    private static let cases: [Case] = [
        ([], nil),
        ([("http.request.method", "GET")].attributes, nil),
        // A name rather than an address, and the older key first.
        ([("rpc.service", "shop.Cart"), ("peer.service", "cart")].attributes, "cart"),
        ([("server.address", "10.0.0.7"), ("rpc.service", "shop.Cart")].attributes, "shop.Cart"),
        ([("peer.service", ""), ("rpc.service", "shop.Cart")].attributes, "shop.Cart"),
        // The last of several counts, even if it is no text.
        ([("peer.service", "a"), ("peer.service", "b")].attributes, "b"),
        ([("peer.service", "a"), ("peer.service", "")].attributes, nil),
        (
            [
                Attribute("peer.service", .string("a")), Attribute("peer.service", .int(1)),
                Attribute("net.peer.name", .string("old")),
            ], "old"
        ),
        // Databases and brokers, whatever else is said.
        ([("peer.service", "a"), ("db.system", "")].attributes, nil),
        ([("db.system.name", "postgresql"), ("peer.service", "a")].attributes, nil),
        ([Attribute("messaging.system", .empty), Attribute("peer.service", .string("a"))], nil),
        ([("db.systems", "a"), ("peer.service", "b")].attributes, "b"),
        // Addresses in their order, ports of theirs.
        (
            [
                Attribute("server.port", .int(8080)), Attribute("server.address", .string("a")),
            ], "a:8080"
        ),
        (
            [
                Attribute("network.peer.address", .string("10.0.0.9")),
                Attribute("network.peer.port", .int(1)), Attribute("net.peer.port", .int(2)),
            ], "10.0.0.9:1"
        ),
        (
            [
                Attribute("network.peer.address", .string("10.0.0.9")),
                Attribute("net.peer.name", .string("ü")), Attribute("net.peer.port", .int(-2)),
                Attribute("server.address", .string("")), Attribute("server.port", .int(3)),
            ], "ü:-2"
        ),
        (
            [
                Attribute("server.address", .string("a")), Attribute("server.port", .int(.min)),
            ], "a:-9223372036854775808"
        ),
        (
            [
                Attribute("server.address", .string("a")), Attribute("server.port", .int(0)),
            ], "a:0"
        ),
        ([("server.address", "a"), ("server.port", "80")].attributes, "a"),
        // Hosts of URLs, without names and passwords.
        ([("url.full", "https://shop:443/cart?a=b")].attributes, "shop:443"),
        ([("http.url", "http://old/"), ("url.full", "http://new#top")].attributes, "new"),
        ([("http.url", "http://old"), ("url.full", "")].attributes, nil),
        ([("http.url", "http://old"), ("url.full", "no URL")].attributes, nil),
        ([Attribute("http.url", .string("x://old")), Attribute("url.full", .int(1))], "old"),
        ([("url.full", "http://me:secret@shop/a@b")].attributes, "shop"),
        ([("url.full", "http://me@secret@shop")].attributes, "shop"),
        ([("url.full", "http://shop@")].attributes, "shop"),
        ([("url.full", "http://@@")].attributes, "@@"),
        ([("url.full", "http:///path")].attributes, nil),
        ([("url.full", "http:://a://b")].attributes, "a:"),
        ([("url.full", "://a")].attributes, "a"),
        ([("url.full", ":/")].attributes, nil),
        ([("url.full", "http://ü:1/é")].attributes, "ü:1"),
        // A mark makes another character of what it follows.
        ([("url.full", "http://a/\u{301}b@c")].attributes, "c"),
        ([("url.full", "http://\u{301}a")].attributes, nil),
    ]

    @Test func `what a client called is its name, its address or the host of its URL`() {
        for (attributes, name) in Self.cases {
            let bytes = Self.span(attributes)
            let utf8 = Array((name ?? "").utf8)
            #expect(Self.called(bytes) == utf8, "\(attributes)")
            #expect(CalledServiceReference.name(in: bytes) == utf8, "\(attributes)")
        }
    }

    @Test func `names are appended to those before`() {
        var names = Array("a ".utf8)
        let bytes = Self.span([("peer.service", "b")].attributes)
        ScannedSpan.appendCalledService(in: bytes.span, 0..<bytes.count, to: &names)
        #expect(names == Array("a b".utf8))
    }

    @Test(arguments: UInt64(1)...4)
    func `what is found in place is what decoding finds`(seed: UInt64) throws {
        var spans = CallingSpans(seed: seed)
        var nameCount = 0
        for _ in 0..<2000 {
            let bytes = spans.next()
            // Bytes around the span are not looked at.
            let surrounded = [0x4A, 0x7F] + bytes + [0x4A]
            let range = 2..<2 + bytes.count
            let span = try ScannedSpan(scanning: surrounded.span, range)
            let expected = CalledServiceReference.name(in: bytes)
            #expect(Self.called(surrounded, range) == expected, "\(bytes)")
            #expect(Self.called(surrounded, span.attributes) == expected, "\(bytes)")
            if !expected.isEmpty { nameCount += 1 }
        }
        #expect(nameCount > 500 && nameCount < 1800)
    }

    @Test func `spans as nobody would make them are looked through too`() {
        var random = RandomSpans(seed: 5)
        for record in random.next(300) {
            let bytes = record.encoded()
            #expect(Self.called(bytes) == CalledServiceReference.name(in: bytes))
        }
    }

    private static func called(_ bytes: [UInt8], _ range: Range<Int>? = nil) -> [UInt8] {
        ScannedSpan.calledService(in: bytes.span, range ?? 0..<bytes.count)
    }

    private static func span(_ attributes: [Attribute]) -> [UInt8] {
        var record = SpanRecord(
            traceID: TraceID(high: 1, low: 2), spanID: SpanID(3), name: "GET",
            startNanoseconds: 1, endNanoseconds: 2)
        record.kind = .client
        record.attributes = attributes
        return record.encoded()
    }
}

extension [(String, String)] {
    fileprivate var attributes: [Attribute] { map { Attribute($0.0, .string($0.1)) } }
}

/// Serialized client spans that say in any way whom they called: with several attributes of one key,
/// with fields out of order, repeated, unknown or in longer spellings, and with bytes that are not
/// UTF-8.
private struct CallingSpans {
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
        case 0: writer.string(OTLPField.Span.name, "peer.service")
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
            case 0: writer.uint64(Field.int, UInt64(generator.below(100_000)))
            case 1: writer.uint64(Field.int, generator.next())
            case 2: writer.fixed32(Field.int, 80)
            case 3: writer.uint64(Field.bool, 1)
            case 4: writer.data(Field.array, [] as [UInt8])
            case 5: writer.uint64(9, 1)
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
        + ["messaging.systen", "db.systen"]
    private static let parts = [
        "http", "://", "://", "/", "?", "#", "@", ":", "host", "10.0.0.7", "a", "ü", "e\u{301}",
        "\u{301}", "\u{600}", "\r\n", "🏳️‍🌈", " ", String(repeating: "x", count: 70),
    ]
}

/// Finds what a client called by decoding all of the span.
private enum CalledServiceReference {
    static func name(in bytes: [UInt8]) -> [UInt8] {
        Array((text(in: bytes) ?? "").utf8)
    }

    private static func text(in bytes: [UInt8]) -> String? {
        guard let attributes = try? SpanRecord(decoding: bytes).attributes else { return nil }
        let hasNoStore = attributes.contains { attribute in
            systems.contains { attribute.key == $0 }
        }
        guard !hasNoStore else { return nil }
        for key in names {
            if let name = attributes.text(for: key), !name.isEmpty { return name }
        }
        return address(attributes) ?? host(attributes)
    }

    static let systems = ["db.system", "db.system.name", "messaging.system"]
    static let names = ["peer.service", "rpc.service"]

    private static func address(_ attributes: [Attribute]) -> String? {
        for (name, port) in [
            ("server.address", "server.port"), ("net.peer.name", "net.peer.port"),
            ("network.peer.address", "network.peer.port"),
        ] {
            guard let address = attributes.text(for: name), !address.isEmpty else { continue }
            guard case .int(let port) = attributes.value(for: port) else { return address }
            return "\(address):\(port)"
        }
        return nil
    }

    private static func host(_ attributes: [Attribute]) -> String? {
        guard let url = attributes.text(for: "url.full") ?? attributes.text(for: "http.url"),
            let scheme = url.firstRange(of: "://")
        else { return nil }
        let authority = url[scheme.upperBound...].prefix { !"/?#".contains($0) }
        let host = authority.split(separator: "@").last ?? authority
        return host.isEmpty ? nil : String(host)
    }
}

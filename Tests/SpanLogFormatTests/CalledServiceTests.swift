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
        var spans = EncodedSpans(seed: seed)
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

/// Finds what a client called by decoding all of the span.
enum CalledServiceReference {
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

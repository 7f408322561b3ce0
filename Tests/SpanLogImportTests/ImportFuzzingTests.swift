import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogImport

/// Documents that were damaged at random: nothing crashes, and what comes out can be read.
@Suite struct ImportFuzzingTests {
    @Test func `OTLP`() throws {
        let text = OTLPJSONTests.text(
            """
            "name": "caf\\u00e9", "kind": "SPAN_KIND_CLIENT", "flags": 257, "status": {"code": 2},
            "attributes": [{"key": "a", "value": {"arrayValue": {"values": [{"doubleValue": 1e3}]}}},
                {"key": "b", "value": {"bytesValue": "AP8="}}],
            "events": [{"timeUnixNano": "7", "name": "e"}],
            "links": [{"traceId": "\(OTLPJSONTests.traceID)", "spanId": "00000000000000ff"}]
            """)
        try check(text, seed: 1) { try OTLPJSON.document($0) }
    }

    @Test func `Jaeger`() throws {
        try check(JaegerTests.trace, seed: 2) { try JaegerTrace.document($0) }
    }

    @Test func `Zipkin`() throws {
        try check(ZipkinTests.whole, seed: 3) { try ZipkinSpan.document($0) }
    }

    private func check(
        _ text: String, seed: UInt64, _ read: ([UInt8]) throws -> OTLPJSON.Document
    ) throws {
        var random = SeededGenerator(seed: seed)
        let original = Array(text.utf8)
        var readCount = 0
        for _ in 0..<4000 {
            let bytes = mutated(original, &random)
            guard let document = try? read(bytes) else { continue }
            readCount += 1
            let places = SpanPlaces(in: document.tracesData.span, 0..<document.tracesData.count)
            #expect(!places.isBrokenOff && places.spans.count == document.spanCount)
            for span in places.spans {
                _ = try ScannedSpan(scanning: document.tracesData.span, span)
            }
        }
        #expect(readCount > 100)
    }

    private func mutated(_ original: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = original
        for _ in 0...random.below(3) {
            let place = random.below(bytes.count)
            let end = min(bytes.count, place + random.below(20))
            switch random.below(5) {
            case 0: bytes[place] = random.byte()
            case 1: bytes[place] = random.element(of: Self.characters)
            case 2: bytes.removeSubrange(place..<end)
            case 3: bytes.insert(contentsOf: bytes[place..<end], at: random.below(bytes.count))
            default: bytes.insert(random.element(of: Self.characters), at: place)
            }
            if bytes.isEmpty { bytes = [0x7B] }
        }
        return bytes
    }

    private static let characters = Array("{}[]\",:\\u0123456789abcdefntl-+.eE ".utf8)
}

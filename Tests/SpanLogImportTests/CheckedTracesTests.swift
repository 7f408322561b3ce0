import SpanLogFormat
import SpanLogTestSupport
import Testing

@Suite struct CheckedTracesTests {
    @Test func `what is sound stays as it is`() throws {
        var random = RandomSpans(seed: 8)
        var request = Request(service: "a", random.next(20))
        request.add(service: "b", random.next(20).map { $0.encoded() })
        let traces = try CheckedTraces(checking: request.bytes)
        #expect(traces.spanCount == 40 && traces.rejections.isEmpty)
        #expect(traces.parts.map(\.spanCount) == [20, 20])
        #expect(traces.parts.flatMap { $0.bytes[$0.entry] } == request.bytes)
    }

    @Test func `what can be in no trace is left out, and nothing else changes`() throws {
        let sound = [SpanRecord.span(1), .span(2), .span(3)].map { $0.encoded() }
        let defects: [(SpanDefect, [UInt8])] = [
            (.noTraceID, SpanRecord.span(4, trace: 0).encoded()),
            (.noSpanID, SpanRecord.span(0).encoded()),
            (.noStart, SpanRecord.span(5, start: 0).encoded()),
            (.impossibleTime, SpanRecord.span(6, start: 1 << 63).encoded()),
            (.endBeforeStart, SpanRecord.span(7, start: 9).encoded() + Self.end(8)),
            (.undecodable, [0xFF]),
        ]
        for (defect, bad) in defects {
            let mixed = [bad, sound[0], bad, bad, sound[1], sound[2], bad]
            var request = Request(service: "a", mixed)
            request.add(service: "b", [bad])
            request.add(service: "c", sound)
            let traces = try CheckedTraces(checking: request.bytes)
            #expect(traces.rejections == [defect: 5])
            #expect(traces.spanCount == 6)
            var expected = Request(service: "a", sound)
            expected.add(service: "c", sound)
            #expect(traces.parts.flatMap { $0.bytes[$0.entry] } == expected.bytes)
        }
    }

    @Test func `a resource stays with its spans, and so does what nobody knows`() throws {
        var scope = ProtobufWriter()
        scope.data(OTLPField.ScopeSpans.spans, [0xFF])
        scope.data(99, Array("unknown".utf8))
        scope.data(OTLPField.ScopeSpans.spans, SpanRecord.span(1).encoded())
        var group = ProtobufWriter()
        group.data(OTLPField.ResourceSpans.scopeSpans, scope.bytes)
        group.data(98, Array("unknown".utf8))
        group.data(
            OTLPField.ResourceSpans.resource,
            Resource(attributes: [Attribute("service.name", .string("a"))]).encoded())
        group.string(OTLPField.ResourceSpans.schemaURL, "https://example.org/1")
        var writer = ProtobufWriter()
        writer.data(OTLPField.TracesData.resourceSpans, group.bytes)
        let part = try #require(try CheckedTraces(checking: writer.bytes).parts.first)
        let entry = Array(part.bytes[part.entry])
        let resource = try #require(try TracesData.firstResource(in: entry, 0..<entry.count))
        #expect(resource.serviceName == "a")
        #expect(try Resource(decoding: part.bytes, part.resource).serviceName == "a")
        #expect(String(decoding: part.bytes[part.schemaURL], as: UTF8.self).hasSuffix("/1"))
        // The span with its tag and length is gone, the rest is as long as it was.
        #expect(entry.count == writer.bytes.count - 3)
    }

    @Test func `spans of a resource that cannot be read are left out`() throws {
        let attribute = [UInt8(9)]
        var group = ProtobufWriter()
        group.data(OTLPField.ResourceSpans.resource, [0x0A, 0x01] + attribute)
        group.message(OTLPField.ResourceSpans.scopeSpans) {
            $0.data(OTLPField.ScopeSpans.spans, SpanRecord.span(1).encoded())
        }
        var writer = ProtobufWriter()
        writer.data(OTLPField.TracesData.resourceSpans, group.bytes)
        let traces = try CheckedTraces(checking: writer.bytes)
        #expect(traces.parts.isEmpty && traces.rejections == [.undecodable: 1])
    }

    @Test func `more than may be is refused as a whole`() throws {
        var limits = CheckedTraces.Limits()
        limits.spanCountMax = 3
        limits.partCountMax = 2
        let spans = (1...4).map { SpanRecord.span($0).encoded() }
        let three = Request(service: "a", Array(spans.prefix(3)))
        #expect(try CheckedTraces(checking: three.bytes, limits: limits).spanCount == 3)
        let four = Request(service: "a", spans)
        #expect(throws: FormatError.self) {
            try CheckedTraces(checking: four.bytes, limits: limits)
        }
        // Bad ones count as well: they take work too.
        let bad = Request(service: "a", Array(repeating: [0xFF], count: 4))
        #expect(throws: FormatError.self) {
            try CheckedTraces(checking: bad.bytes, limits: limits)
        }
        var groups = Request(service: "a", [spans[0]])
        groups.add(service: "b", [spans[1]])
        #expect(try CheckedTraces(checking: groups.bytes, limits: limits).parts.count == 2)
        groups.add(service: "c", [spans[2]])
        #expect(throws: FormatError.self) {
            try CheckedTraces(checking: groups.bytes, limits: limits)
        }
    }

    @Test func `whatever bytes come, what is accepted can be read by a merge`() throws {
        var random = RandomSpans(seed: 21)
        var generator = SeededGenerator(seed: 22)
        for _ in 0..<300 {
            var bytes = Request(service: "a", random.next(5)).bytes
            bytes += Request(service: "b", random.next(5)).bytes
            for _ in 0..<generator.below(4) {
                bytes[generator.below(bytes.count)] = UInt8(generator.below(256))
            }
            guard let traces = try? CheckedTraces(checking: bytes) else { continue }
            let payload = traces.parts.flatMap { $0.bytes[$0.entry] }
            let places = SpanPlaces(in: payload.span, 0..<payload.count)
            #expect(!places.isBrokenOff && places.spans.count == traces.spanCount)
            for range in places.spans {
                #expect(try ScannedSpan(scanning: payload.span, range).defect == nil)
            }
        }
    }

    @Test func `a text that is no UTF-8 is repaired, and takes nothing with it`() throws {
        var random = RandomSpans(seed: 4)
        let good = random.next(30).map { $0.encoded() }
        let sound = Request(service: "sound", good).bytes
        #expect(OTLPText.repaired(sound) == sound)

        var bad = SpanRecord.span(1)
        bad.name = "name"
        bad.attributes = [Attribute("key", .array([.map([Attribute("inner", .string("deep"))])]))]
        bad.events = [.init(name: "event", nanoseconds: 1, attributes: [])]
        bad.status.message = "status"
        for text in ["name", "key", "inner", "deep", "event", "status", "service"] {
            let request = Request(service: "service", [bad.encoded()] + good).bytes
            let damaged = Self.replacing(text, in: request)
            let traces = try CheckedTraces(checking: damaged)
            #expect(traces.spanCount == 31 && traces.rejections.isEmpty)
            let payload = traces.parts.flatMap { $0.bytes[$0.entry] }
            #expect(OTLPText.repaired(payload) == payload)
            let texts = String(decoding: payload, as: UTF8.self)
            #expect(texts.contains("\u{FFFD}" + text.dropFirst()))
            let places = SpanPlaces(in: payload.span, 0..<payload.count)
            #expect(places.spans.dropFirst().map { Array(payload[$0]) } == good)
        }
    }

    @Test(arguments: [29, 30, 50, 99, 200])
    func `values that nest deeper than other readers follow are left out`(depth: Int) throws {
        var value = AttributeValue.int(1)
        for _ in 0..<depth { value = .map([Attribute("k", value)]) }
        var span = SpanRecord.span(1)
        span.attributes = [Attribute("deep", value)]
        var event = SpanRecord.span(2)
        event.events = [.init(name: "e", nanoseconds: 1, attributes: [Attribute("deep", value)])]
        let request = Request(service: "a", [span, event, .span(3)])
        let traces = try CheckedTraces(checking: request.bytes)
        #expect(traces.spanCount == (depth < 30 ? 3 : 1))
        #expect(traces.rejections == (depth < 30 ? [:] : [.undecodable: 2]))
    }

    /// The bytes with a text's first byte replaced by one that no UTF-8 has.
    private static func replacing(_ text: String, in bytes: [UInt8]) -> [UInt8] {
        let text = Array(text.utf8)
        var bytes = bytes
        let place = (0..<bytes.count - text.count).first { bytes[$0...].starts(with: text) }
        if let place { bytes[place] = 0xFF }
        return bytes
    }

    /// The end of a span, which replaces the one in front.
    private static func end(_ nanoseconds: UInt64) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.fixed64(OTLPField.Span.endNanoseconds, nanoseconds)
        return writer.bytes
    }
}

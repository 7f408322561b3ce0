import SpanLogFormat
import SpanLogTestSupport
import Testing

@Suite struct SpanRecordTests {
    @Test(arguments: [UInt64(1), 2, 3, 4])
    func `a random record is decoded to what was encoded`(seed: UInt64) throws {
        var spans = RandomSpans(seed: seed)
        for _ in 0..<300 {
            let span = spans.next()
            let bytes = span.encoded()
            let decoded = try SpanRecord(decoding: bytes)
            // NaN is unequal to itself and é to nothing that looks like it: the bytes decide.
            #expect(decoded.encoded() == bytes)
            #expect(String(reflecting: decoded) == String(reflecting: span))
        }
    }

    @Test func `a record is decoded from the middle of other bytes`() throws {
        var spans = RandomSpans(seed: 5)
        let (first, second) = (spans.next().encoded(), spans.next().encoded())
        let range = first.count..<first.count + second.count
        let decoded = try SpanRecord(decoding: first + second + first, range)
        #expect(decoded.encoded() == second)
    }

    @Test(arguments: [
        Double.nan, -Double.nan, .signalingNaN, Double(nan: 0x5_1234, signaling: false), -0.0,
        .infinity, .leastNonzeroMagnitude,
    ])
    func `a number keeps every bit`(number: Double) throws {
        var span = Self.simple
        span.attributes = [Attribute("x", .double(number))]
        let decoded = try SpanRecord(decoding: span.encoded())
        guard case .double(let read) = decoded.attributes.value(for: "x") else {
            Issue.record("no number")
            return
        }
        #expect(read.bitPattern == number.bitPattern)
    }

    @Test func `extreme integers and empty values are kept apart`() throws {
        var span = Self.simple
        span.attributes = [
            Attribute("min", .int(.min)), Attribute("max", .int(.max)), Attribute("-1", .int(-1)),
            Attribute("0", .int(0)), Attribute("false", .bool(false)), Attribute("none", .empty),
            Attribute("text", .string("")), Attribute("bytes", .bytes([])),
            Attribute("array", .array([])), Attribute("map", .map([])), Attribute("", .int(1)),
            Attribute("nested", .array([.empty, .array([.empty]), .map([Attribute("", .empty)])])),
        ]
        #expect(try SpanRecord(decoding: span.encoded()) == span)
    }

    @Test func `thousands of attributes, events and links, and 16 MiB of text, are kept`() throws {
        var span = Self.simple
        span.attributes = (0..<3000).map { Attribute("key \($0)", .int($0)) }
        span.events = (0..<2000).map { SpanRecord.Event(name: "e", nanoseconds: $0) }
        span.links = (0..<2000).map { .init(traceID: span.traceID, spanID: SpanID(1 + $0)) }
        span.attributes.append(Attribute("huge", .string(String(repeating: "ä", count: 8 << 20))))
        let decoded = try SpanRecord(decoding: span.encoded())
        // An expectation would describe both sides if they differed.
        #expect((decoded == span) == true)
    }

    @Test func `the last value of a repeated key wins`() {
        let attributes = [
            Attribute("a", .int(1)), Attribute("b", .string("x")), Attribute("a", .string("2")),
        ]
        #expect(attributes.value(for: "a") == .string("2"))
        #expect(attributes.text(for: "a") == "2")
        #expect(attributes.value(for: "c") == nil)
        #expect([Attribute("a", .int(1))].text(for: "a") == nil)
    }

    @Test func `the flags say whether the parent is remote`() {
        var span = Self.simple
        #expect(span.isParentRemote == nil)
        span.flags = 0x2FF
        #expect(span.isParentRemote == nil)
        span.flags = 0x100
        #expect(span.isParentRemote == false)
        span.flags = 0x300
        #expect(span.isParentRemote == true)
    }

    static let simple = SpanRecord(
        traceID: TraceID(high: 1, low: 2), spanID: SpanID(3), name: "simple",
        startNanoseconds: 4, endNanoseconds: 5)
}

@Suite struct SpanRecordDecodingTests {
    @Test func `fields that OTLP does not define are passed over at every level`() throws {
        var writer = ProtobufWriter()
        unknownFields(&writer)
        writer.data(OTLPField.Span.traceID, TraceID(high: 1, low: 2).bytes)
        unknownFields(&writer)
        writer.data(OTLPField.Span.spanID, SpanID(3).bytes)
        writer.string(OTLPField.Span.name, "known")
        writer.message(OTLPField.Span.attributes) { writer in
            unknownFields(&writer)
            writer.string(OTLPField.KeyValue.key, "key")
            writer.message(OTLPField.KeyValue.value) { writer in
                unknownFields(&writer)
                writer.message(OTLPField.AnyValue.array) { writer in
                    unknownFields(&writer)
                    writer.message(OTLPField.List.values) { $0.attributeValue(.int(7)) }
                }
            }
        }
        writer.message(OTLPField.Span.events) { writer in
            unknownFields(&writer)
            writer.string(OTLPField.Event.name, "event")
        }
        writer.message(OTLPField.Span.links) { writer in
            writer.data(OTLPField.Link.traceID, TraceID(high: 1, low: 2).bytes)
            unknownFields(&writer)
            writer.data(OTLPField.Link.spanID, SpanID(9).bytes)
        }
        writer.message(OTLPField.Span.status) { writer in
            unknownFields(&writer)
            writer.uint64(OTLPField.Status.code, 2)
        }
        var expected = SpanRecord(
            traceID: TraceID(high: 1, low: 2), spanID: SpanID(3), name: "known",
            startNanoseconds: 0, endNanoseconds: 0)
        expected.attributes = [Attribute("key", .array([.int(7)]))]
        expected.events = [.init(name: "event", nanoseconds: 0)]
        expected.links = [.init(traceID: TraceID(high: 1, low: 2), spanID: SpanID(9))]
        expected.status.code = .error
        #expect(try SpanRecord(decoding: writer.bytes) == expected)
    }

    private func unknownFields(_ writer: inout ProtobufWriter) {
        writer.uint64(100, .max)
        writer.fixed64(101, 1)
        writer.fixed32(102, 2)
        writer.string((1 << 29) - 1, "later version")
        writer.data(103, [UInt8]())
    }

    @Test func `no bytes at all are a span without anything`() throws {
        let span = try SpanRecord(decoding: [])
        #expect(!span.traceID.isValid && !span.spanID.isValid)
        #expect(span.name.isEmpty && span.startNanoseconds == 0)
    }

    @Test func `kinds and verdicts that OTLP does not define are none`() throws {
        for number in [UInt64(6), 255, 256, 1 << 32 | 1, .max] {
            var writer = ProtobufWriter()
            writer.uint64(OTLPField.Span.kind, number)
            writer.message(OTLPField.Span.status) { $0.uint64(OTLPField.Status.code, number) }
            let span = try SpanRecord(decoding: writer.bytes)
            #expect(span.kind == .unspecified)
            #expect(span.status.code == .unset)
        }
    }

    @Test func `a parent of zeros or of no bytes is no parent`() throws {
        for parent in [[UInt8](), [UInt8](repeating: 0, count: 8)] {
            var writer = ProtobufWriter()
            writer.data(OTLPField.Span.parentSpanID, parent)
            #expect(try SpanRecord(decoding: writer.bytes).parentSpanID == nil)
        }
    }

    @Test(arguments: [
        (OTLPField.Span.traceID, 15), (OTLPField.Span.traceID, 0), (OTLPField.Span.traceID, 17),
        (OTLPField.Span.spanID, 7), (OTLPField.Span.spanID, 16), (OTLPField.Span.parentSpanID, 9),
    ])
    func `an identifier of a wrong length is an error that names the length`(
        field: Int, count: Int
    ) {
        var writer = ProtobufWriter()
        writer.data(field, [UInt8](repeating: 1, count: count))
        let error = #expect(throws: FormatError.self) { try SpanRecord(decoding: writer.bytes) }
        #expect(error?.message.contains("has \(count) bytes instead of") == true)
    }

    @Test(arguments: [
        OTLPField.Span.traceID, OTLPField.Span.name, OTLPField.Span.attributes,
        OTLPField.Span.events, OTLPField.Span.links, OTLPField.Span.status,
    ])
    func `a number where OTLP has bytes is an error`(field: Int) {
        var writer = ProtobufWriter()
        writer.uint64(field, 1)
        #expect(throws: FormatError.self) { try SpanRecord(decoding: writer.bytes) }
    }

    @Test func `values may nest 100 deep and not deeper`() throws {
        for isMap in [false, true] {
            let deepest = nested(SpanRecord.nestingMax, isMap: isMap)
            #expect(try SpanRecord(decoding: deepest.encoded()) == deepest)
            let deeper = nested(SpanRecord.nestingMax + 1, isMap: isMap)
            let error = #expect(throws: FormatError.self) {
                try SpanRecord(decoding: deeper.encoded())
            }
            #expect(error?.message.contains("deeper than 100") == true)
        }
    }

    private func nested(_ levels: Int, isMap: Bool) -> SpanRecord {
        var value = AttributeValue.int(1)
        for _ in 1..<levels { value = isMap ? .map([Attribute("", value)]) : .array([value]) }
        var span = SpanRecordTests.simple
        span.attributes = [Attribute("nested", value)]
        return span
    }

    @Test func `a forged value of 100,000 levels is refused without exhausting the stack`() {
        // From the inside out, so that each length is known: tag and length of both messages.
        var headers: [[UInt8]] = []
        var count = 0
        for level in 0..<200_000 {
            let field = level.isMultiple(of: 2) ? OTLPField.List.values : OTLPField.AnyValue.array
            var writer = ProtobufWriter()
            writer.tag(field, .lengthDelimited)
            writer.varint(UInt64(count))
            headers.append(writer.bytes)
            count += writer.bytes.count
        }
        var span = ProtobufWriter()
        span.message(OTLPField.Span.attributes) { attribute in
            attribute.data(OTLPField.KeyValue.value, headers.reversed().flatMap { $0 })
        }
        #expect(throws: FormatError.self) { try SpanRecord(decoding: span.bytes) }
    }

    @Test func `text that is not UTF-8 is shown as such, not refused`() throws {
        var writer = ProtobufWriter()
        writer.data(OTLPField.Span.name, [0x61, 0xFF, 0xC3, 0x62] as [UInt8])
        #expect(try SpanRecord(decoding: writer.bytes).name == "a\u{fffd}\u{fffd}b")
    }
}

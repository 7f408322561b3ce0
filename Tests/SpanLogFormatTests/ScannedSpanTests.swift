import SpanLogFormat
import SpanLogTestSupport
import Testing

@Suite struct ScannedSpanTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func `what is scanned is what is decoded`(seed: UInt64) throws {
        var random = RandomSpans(seed: seed)
        for record in random.next(300) {
            let bytes = record.encoded()
            let span = try ScannedSpan(scanning: bytes.span, 0..<bytes.count)
            Self.expect(span, equals: record, bytes)
            #expect(span.defect == nil)
        }
    }

    @Test(arguments: [UInt64(4), 5, 6])
    func `exactly what can be decoded can be scanned`(seed: UInt64) {
        var random = RandomSpans(seed: seed)
        var generator = SeededGenerator(seed: seed)
        var soundCount = 0
        for record in random.next(60) {
            let original = record.encoded()
            for _ in 0..<60 {
                var bytes = original
                for _ in 0...generator.below(3) {
                    bytes[generator.below(bytes.count)] = generator.byte()
                }
                if generator.below(4) == 0 { bytes.removeLast(generator.below(bytes.count)) }
                let decoded = try? SpanRecord(decoding: bytes)
                let scanned = try? ScannedSpan(scanning: bytes.span, 0..<bytes.count)
                #expect((decoded == nil) == (scanned == nil))
                guard let decoded, let scanned else { continue }
                soundCount += 1
                Self.expect(scanned, equals: decoded, bytes)
            }
        }
        #expect(soundCount > 100)
    }

    @Test(arguments: [UInt64(7), 8])
    func `attributes are found however they are encoded, and damages to them`(seed: UInt64) throws {
        var spans = EncodedSpans(seed: seed)
        var generator = SeededGenerator(seed: seed)
        var (soundCount, failureCount, nameCount) = (0, 0, 0)
        for number in 0..<4000 {
            var bytes = spans.next()
            if number % 2 == 0, !bytes.isEmpty {
                bytes[generator.below(bytes.count)] = generator.byte()
            }
            let decoded = try? SpanRecord(decoding: bytes)
            let scanned = try? ScannedSpan(scanning: bytes.span, 0..<bytes.count)
            #expect((decoded == nil) == (scanned == nil), "\(bytes)")
            guard let decoded, let scanned else { continue }
            soundCount += 1
            Self.expect(scanned, equals: decoded, bytes)
            let tellsFailure = decoded.attributes.contains(where: Self.tellsFailure)
            #expect(scanned.call.tellsFailure == tellsFailure, "\(bytes)")
            let name = scanned.traceName.map { String(decoding: bytes[$0], as: UTF8.self) }
            #expect(name == decoded.attributes.text(for: AttributeKey.traceName), "\(bytes)")
            if tellsFailure { failureCount += 1 }
            if name != nil { nameCount += 1 }
        }
        #expect(soundCount > 2000 && failureCount > 200 && nameCount > 200)
    }

    private static func tellsFailure(_ attribute: Attribute) -> Bool {
        guard case .int(let code) = attribute.value else { return attribute.key == "error.type" }
        return switch attribute.key {
        case "error.type": true
        case "rpc.grpc.status_code": code == 1 || code == 4
        case "http.status_code", "http.response.status_code": [408, 499, 504].contains(code)
        default: false
        }
    }

    @Test func `values nested too deep are refused, as they are when decoding`() throws {
        for depth in [SpanRecord.nestingMax - 1, SpanRecord.nestingMax] {
            var value = AttributeValue.bool(true)
            for _ in 0..<depth { value = .array([value]) }
            var record = SpanRecord(
                traceID: TraceID(high: 1, low: 2), spanID: SpanID(3), name: "deep",
                startNanoseconds: 1, endNanoseconds: 2)
            record.attributes = [Attribute("key", value)]
            let bytes = record.encoded()
            let isSound = (try? ScannedSpan(scanning: bytes.span, 0..<bytes.count)) != nil
            #expect(isSound == (depth < SpanRecord.nestingMax))
            #expect(isSound == ((try? SpanRecord(decoding: bytes)) != nil))
        }
    }

    @Test func `a trace id of 64 bits is padded with zeros`() throws {
        var writer = ProtobufWriter()
        writer.data(OTLPField.Span.traceID, [0, 0, 0, 0, 0, 0, 1, 2] as [UInt8])
        let span = try ScannedSpan(scanning: writer.bytes.span, 0..<writer.bytes.count)
        #expect(span.traceID == TraceID(high: 0, low: 258) && span.isTraceIDShort)
        #expect(try SpanRecord(decoding: writer.bytes).traceID == span.traceID)
    }

    @Test func `editing changes identifiers and leaves the rest as it was`() throws {
        var random = RandomSpans(seed: 9)
        for record in random.next(100) {
            var editing = SpanEditing()
            editing.traceID = TraceID(high: 5, low: 6)
            editing.spanID = SpanID(7)
            editing.parentSpanID = SpanID(record.parentSpanID == nil ? 0 : 8)
            editing.attributes = [Attribute("added", .int(1))]
            // A field that no version knows yet.
            var unknown = ProtobufWriter()
            unknown.string(999, "later")
            let edited = editing.applied(to: record.encoded() + unknown.bytes)
            var expected = record
            expected.traceID = TraceID(high: 5, low: 6)
            expected.spanID = SpanID(7)
            expected.parentSpanID = record.parentSpanID == nil ? nil : SpanID(8)
            expected.attributes.append(Attribute("added", .int(1)))
            #expect(try SpanRecord(decoding: edited).encoded() == expected.encoded())
            #expect(edited.count > expected.encoded().count)
        }
    }

    private static func expect(_ span: ScannedSpan, equals record: SpanRecord, _ bytes: [UInt8]) {
        #expect(span.traceID == record.traceID && span.spanID == record.spanID.value)
        #expect(span.parentSpanID == record.parentSpanID?.value ?? 0)
        #expect(span.startNanoseconds == record.startNanoseconds)
        #expect(span.endNanoseconds == record.endNanoseconds)
        #expect(span.kind == record.kind.rawValue && span.status == record.status.code.rawValue)
        #expect(span.flags == record.flags && span.linkCount == record.links.count)
        #expect(String(decoding: bytes[span.name], as: UTF8.self) == record.name)
        let name = ScannedSpan.name(
            in: bytes.span, 0..<bytes.count, hasSeveral: span.hasSeveralNames)
        #expect(String(decoding: bytes[name], as: UTF8.self) == record.name)
        let attributes = try? SpanRecord(decoding: bytes, span.attributes).attributes
        #expect(attributes?.count == record.attributes.count)
        #expect(span.isNote == (record.name == AttributeKey.noteName))
    }
}

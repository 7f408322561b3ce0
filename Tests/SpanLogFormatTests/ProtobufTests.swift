import SpanLogFormat
import SpanLogTestSupport
import Testing

@Suite struct ProtobufTests {
    @Test(
        arguments: [
            (0, [0]), (1, [1]), (127, [127]), (128, [128, 1]), (300, [172, 2]),
            (16_384, [128, 128, 1]),
            (.max, [255, 255, 255, 255, 255, 255, 255, 255, 255, 1]),
        ] as [(UInt64, [UInt8])])
    func `numbers have the length that their size asks for`(number: UInt64, bytes: [UInt8]) throws {
        var writer = ProtobufWriter()
        writer.varint(number)
        #expect(writer.bytes == bytes)
        #expect(ProtobufWriter.varintByteCount(number) == bytes.count)
        var reader = ProtobufReader([8] + bytes)
        guard case .varint(let read) = try reader.next()?.value else {
            Issue.record("no number")
            return
        }
        #expect(read == number)
        #expect(try reader.next() == nil)
    }

    @Test func `each power of two has the right length`() {
        for shift in 0..<64 {
            for number in [UInt64(1) << shift, (UInt64(1) << shift) - 1] {
                var writer = ProtobufWriter()
                writer.varint(number)
                #expect(ProtobufWriter.varintByteCount(number) == writer.bytes.count)
            }
        }
    }

    @Test(arguments: [0, 1, 126, 127, 128, 129, 16_383, 16_384, 100_000])
    func `a message of any length has its length in front`(count: Int) throws {
        let content = [UInt8](repeating: 7, count: count)
        var writer = ProtobufWriter()
        writer.string(1, "before")
        // The field's own tag and length are part of the message.
        writer.message(2) { $0.bytes += content }
        writer.string(3, "after")
        var reader = ProtobufReader(writer.bytes)
        let fields = [try reader.next(), try reader.next(), try reader.next()].compactMap(\.self)
        #expect(fields.map(\.number) == [1, 2, 3])
        #expect(Array(writer.bytes[try reader.range(fields[1].value)]) == content)
        #expect(try reader.text(fields[2].value) == "after")
    }

    @Test(
        arguments: [
            ([0x80], "cut off"), ([8], "cut off"), ([9, 1, 2], "cut off"), ([13, 1, 2], "cut off"),
            ([8] + [UInt8](repeating: 0x80, count: 10), "more than ten"), ([0], "number 0"),
            ([10, 2, 0], "longer than the message"), ([11], "wire type 3"),
            ([15, 0], "wire type 7"),
            ([10, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], "longer than the message"),
            ([255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0], "impossible number"),
        ] as [([UInt8], String)])
    func `bytes that are no message are an error that says why`(bytes: [UInt8], reason: String) {
        var reader = ProtobufReader(bytes)
        let error = #expect(throws: FormatError.self) {
            while try reader.next() != nil {}
        }
        #expect(error?.message.contains(reason) == true)
    }

    @Test func `a field that ends its message at the end of other bytes is not read beyond it`() {
        let bytes: [UInt8] = [10, 2, 1, 2, 3, 4]
        var reader = ProtobufReader(bytes, 0..<3)
        #expect(throws: FormatError.self) { try reader.next() }
    }
}

@Suite struct HostileBytesTests {
    /// 25,000 messages for each seed.
    @Test(.timeLimit(.minutes(10)), arguments: [UInt64(1), 2, 3, 4])
    func `any bytes are an error or a value, never a trap`(seed: UInt64) {
        var messages = HostileMessages(seed: seed)
        for _ in 0..<25_000 {
            let bytes = messages.next()
            // An expectation for each message would take longer than all else.
            if !isReadWithinBounds(bytes) { Issue.record("read beyond the end: \(bytes)") }
            _ = try? SpanRecord(decoding: bytes)
            _ = try? Resource(decoding: bytes)
            _ = try? TracesData.firstResource(in: bytes, 0..<bytes.count)
            try? TracesData.forEachSpan(in: bytes) {
                _ = try SpanRecord(decoding: bytes, $0.span)
                _ = try Resource(decoding: bytes, $0.resource)
            }
            _ = try? BlockHeader(decoding: bytes[...])
        }
    }

    /// Whether each field lies within the message and behind the one before it.
    private func isReadWithinBounds(_ bytes: [UInt8]) -> Bool {
        var reader = ProtobufReader(bytes)
        var position = 0
        while let field = try? reader.next() {
            guard reader.position > position, reader.position <= bytes.count else { return false }
            position = reader.position
            if case .delimited(let range) = field.value, range.upperBound != position {
                return false
            }
        }
        return true
    }
}

/// Messages as nobody should send them.
private struct HostileMessages {
    private var generator: SeededGenerator
    private let valid: [[UInt8]]

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        var spans = RandomSpans(seed: seed)
        var valid: [[UInt8]] = []
        while valid.count < 60 {
            let span = spans.next().encoded()
            guard span.count < 500 else { continue }
            var entry = ProtobufWriter()
            entry.data(OTLPField.ScopeSpans.spans, span)
            let prefix = TracesData.prefix(
                resource: [10, 5, 10, 1, 97, 18, 0], scope: [10, 1, 98],
                entriesByteCount: entry.bytes.count)
            valid += [span, prefix + entry.bytes]
        }
        self.valid = valid + [BlockHeaderTests.example.encoded()]
    }

    mutating func next() -> [UInt8] {
        if generator.below(5) == 0 { return generator.bytes(count: generator.below(40)) }
        var bytes = generator.element(of: valid)
        for _ in 0..<(1 + generator.below(4)) where !bytes.isEmpty {
            let index = generator.below(bytes.count)
            switch generator.below(8) {
            case 0: bytes[index] = generator.byte()
            case 1: bytes[index] ^= 1 << UInt8(generator.below(8))
            case 2: bytes[index] = 0xFF
            case 3: bytes.remove(at: index)
            case 4: bytes.insert(generator.byte(), at: index)
            case 5: bytes.removeLast(bytes.count - index)
            case 6: bytes.insert(contentsOf: generator.element(of: valid).prefix(30), at: index)
            default: bytes[index] = bytes[generator.below(bytes.count)]
            }
        }
        return bytes
    }
}

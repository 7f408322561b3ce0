extension SpanRecord {
    /// Reads a serialized OTLP `Span`. Fields that OTLP does not define are passed over.
    ///
    /// - Throws: ``FormatError`` if the bytes are no span, an identifier has a wrong length, values
    ///   nest deeper than ``nestingMax``, or there are more than 4,194,304 of them.
    /// - Complexity: O(*n*) in the number of bytes.
    public init(decoding bytes: [UInt8], _ range: Range<Int>? = nil) throws(FormatError) {
        typealias Field = OTLPField.Span
        self.init(
            traceID: TraceID(high: 0, low: 0), spanID: SpanID(0), name: "",
            startNanoseconds: 0, endNanoseconds: 0)
        guard (try? SpanElements.isTooMany(bytes.span, range ?? 0..<bytes.count)) == false else {
            throw FormatError("a span has more than \(SpanElements.countMax) attributes and values")
        }
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            let value = field.value
            switch field.number {
            case Field.traceID: traceID = try reader.traceID(value)
            case Field.spanID: spanID = try reader.spanID(value)
            case Field.traceState: traceState = try reader.text(value)
            case Field.parentSpanID: parentSpanID = try reader.parentSpanID(value)
            case Field.name: name = try reader.text(value)
            case Field.kind:
                kind = Kind(rawValue: UInt8(clamping: try reader.number(value))) ?? .unspecified
            case Field.startNanoseconds: startNanoseconds = try reader.number(value)
            case Field.endNanoseconds: endNanoseconds = try reader.number(value)
            case Field.attributes: attributes.append(try reader.attribute(value))
            case Field.droppedAttributesCount:
                droppedAttributesCount = try reader.count(value)
            case Field.events: events.append(try Event(decoding: bytes, reader.range(value)))
            case Field.droppedEventsCount: droppedEventsCount = try reader.count(value)
            case Field.links: links.append(try Link(decoding: bytes, reader.range(value)))
            case Field.droppedLinksCount: droppedLinksCount = try reader.count(value)
            case Field.status: status = try Status(decoding: bytes, reader.range(value))
            case Field.flags: flags = UInt32(truncatingIfNeeded: try reader.number(value))
            default: break
            }
        }
    }

    /// How deep the value of an attribute may nest; protobuf parsers stop at a depth of 100 too.
    public static let nestingMax = 100
}

extension SpanRecord.Event {
    init(decoding bytes: [UInt8], _ range: Range<Int>) throws(FormatError) {
        typealias Field = OTLPField.Event
        self.init(name: "", nanoseconds: 0)
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            switch field.number {
            case Field.nanoseconds: nanoseconds = try reader.number(field.value)
            case Field.name: name = try reader.text(field.value)
            case Field.attributes: attributes.append(try reader.attribute(field.value))
            case Field.droppedAttributesCount:
                droppedAttributesCount = try reader.count(field.value)
            default: break
            }
        }
    }
}

extension SpanRecord.Link {
    init(decoding bytes: [UInt8], _ range: Range<Int>) throws(FormatError) {
        typealias Field = OTLPField.Link
        self.init(traceID: TraceID(high: 0, low: 0), spanID: SpanID(0))
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            let value = field.value
            switch field.number {
            case Field.traceID: traceID = try reader.traceID(value)
            case Field.spanID: spanID = try reader.spanID(value)
            case Field.traceState: traceState = try reader.text(value)
            case Field.attributes: attributes.append(try reader.attribute(value))
            case Field.droppedAttributesCount:
                droppedAttributesCount = try reader.count(value)
            case Field.flags: flags = UInt32(truncatingIfNeeded: try reader.number(value))
            default: break
            }
        }
    }
}

extension SpanRecord.Status {
    init(decoding bytes: [UInt8], _ range: Range<Int>) throws(FormatError) {
        typealias Field = OTLPField.Status
        self.init()
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            switch field.number {
            case Field.message: message = try reader.text(field.value)
            case Field.code:
                code = Code(rawValue: UInt8(clamping: try reader.number(field.value))) ?? .unset
            default: break
            }
        }
    }
}

extension ProtobufReader {
    package func attribute(_ value: Value, depth: Int = 0) throws(FormatError) -> Attribute {
        typealias Field = OTLPField.KeyValue
        var attribute = Attribute("", .empty)
        var reader = ProtobufReader(bytes, try range(value))
        while let field = try reader.next() {
            switch field.number {
            case Field.key: attribute.key = try reader.text(field.value)
            case Field.value:
                attribute.value = try reader.attributeValue(
                    reader.range(field.value), depth: depth)
            default: break
            }
        }
        return attribute
    }

    private func attributeValue(
        _ range: Range<Int>, depth: Int
    ) throws(FormatError) -> AttributeValue {
        typealias Field = OTLPField.AnyValue
        guard depth < SpanRecord.nestingMax else {
            throw FormatError("an attribute nests deeper than \(SpanRecord.nestingMax) levels")
        }
        var result = AttributeValue.empty
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            let value = field.value
            switch field.number {
            case Field.string: result = .string(try reader.text(value))
            case Field.bool: result = .bool(try reader.number(value) != 0)
            case Field.int: result = .int(Int64(bitPattern: try reader.number(value)))
            case Field.double: result = .double(Double(bitPattern: try reader.number(value)))
            case Field.bytes: result = .bytes(Array(bytes[try reader.range(value)]))
            case Field.array: result = .array(try values(reader.range(value), depth: depth))
            case Field.map: result = .map(try entries(reader.range(value), depth: depth))
            default: break
            }
        }
        return result
    }

    private func values(
        _ range: Range<Int>, depth: Int
    ) throws(FormatError) -> [AttributeValue] {
        var values: [AttributeValue] = []
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            guard field.number == OTLPField.List.values else { continue }
            values.append(try attributeValue(reader.range(field.value), depth: depth + 1))
        }
        return values
    }

    private func entries(_ range: Range<Int>, depth: Int) throws(FormatError) -> [Attribute] {
        var entries: [Attribute] = []
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            guard field.number == OTLPField.List.values else { continue }
            entries.append(try attribute(field.value, depth: depth + 1))
        }
        return entries
    }

    fileprivate func count(_ value: Value) throws(FormatError) -> UInt32 {
        UInt32(clamping: try number(value))
    }

    package func traceID(_ value: Value) throws(FormatError) -> TraceID {
        let range = try range(value)
        if let id = TraceID(bytes: bytes[range]) { return id }
        guard range.count == 8 else {
            throw FormatError("a trace id has \(range.count) bytes instead of 16")
        }
        // Systems that know 64 bits only.
        return TraceID(high: 0, low: UInt64(bigEndianBytes: bytes[range]))
    }

    package func spanID(_ value: Value) throws(FormatError) -> SpanID {
        let range = try range(value)
        guard let id = SpanID(bytes: bytes[range]) else {
            throw FormatError("a span id has \(range.count) bytes instead of 8")
        }
        return id
    }

    /// A parent's id, where OTLP allows zeros or no bytes to say "none".
    fileprivate func parentSpanID(_ value: Value) throws(FormatError) -> SpanID? {
        guard try !range(value).isEmpty else { return nil }
        let id = try spanID(value)
        return id.isValid ? id : nil
    }
}

extension SpanRecord {
    /// The record as a serialized OTLP `Span`.
    ///
    /// - Complexity: O(*n*) in the bytes of the result.
    public func encoded() -> [UInt8] {
        var writer = ProtobufWriter(reserving: 256)
        encode(into: &writer)
        return writer.bytes
    }

    /// Appends the fields of an OTLP `Span`, without a tag or length of its own.
    package func encode(into writer: inout ProtobufWriter) {
        typealias Field = OTLPField.Span
        writer.data(Field.traceID, traceID.bytes)
        writer.data(Field.spanID, spanID.bytes)
        if !traceState.isEmpty { writer.string(Field.traceState, traceState) }
        if let parentSpanID { writer.data(Field.parentSpanID, parentSpanID.bytes) }
        writer.string(Field.name, name)
        if kind != .unspecified { writer.uint64(Field.kind, UInt64(kind.rawValue)) }
        writer.fixed64(Field.startNanoseconds, startNanoseconds)
        writer.fixed64(Field.endNanoseconds, endNanoseconds)
        writer.attributes(Field.attributes, attributes)
        writer.count(Field.droppedAttributesCount, droppedAttributesCount)
        for event in events { writer.message(Field.events) { event.encode(into: &$0) } }
        writer.count(Field.droppedEventsCount, droppedEventsCount)
        for link in links { writer.message(Field.links) { link.encode(into: &$0) } }
        writer.count(Field.droppedLinksCount, droppedLinksCount)
        if status != Status() { writer.message(Field.status) { status.encode(into: &$0) } }
        if flags != 0 { writer.fixed32(Field.flags, flags) }
    }
}

extension SpanRecord.Event {
    package func encode(into writer: inout ProtobufWriter) {
        typealias Field = OTLPField.Event
        writer.fixed64(Field.nanoseconds, nanoseconds)
        writer.string(Field.name, name)
        writer.attributes(Field.attributes, attributes)
        writer.count(Field.droppedAttributesCount, droppedAttributesCount)
    }
}

extension SpanRecord.Link {
    package func encode(into writer: inout ProtobufWriter) {
        typealias Field = OTLPField.Link
        writer.data(Field.traceID, traceID.bytes)
        writer.data(Field.spanID, spanID.bytes)
        if !traceState.isEmpty { writer.string(Field.traceState, traceState) }
        writer.attributes(Field.attributes, attributes)
        writer.count(Field.droppedAttributesCount, droppedAttributesCount)
        if flags != 0 { writer.fixed32(Field.flags, flags) }
    }
}

extension SpanRecord.Status {
    package func encode(into writer: inout ProtobufWriter) {
        typealias Field = OTLPField.Status
        if !message.isEmpty { writer.string(Field.message, message) }
        if code != .unset { writer.uint64(Field.code, UInt64(code.rawValue)) }
    }
}

extension ProtobufWriter {
    package mutating func attributes(_ field: Int, _ attributes: [Attribute]) {
        for attribute in attributes {
            message(field) { writer in
                writer.string(OTLPField.KeyValue.key, attribute.key)
                writer.message(OTLPField.KeyValue.value) { $0.attributeValue(attribute.value) }
            }
        }
    }

    /// Appends the one field of an OTLP `AnyValue`, or nothing for ``AttributeValue/empty``.
    package mutating func attributeValue(_ value: AttributeValue) {
        typealias Field = OTLPField.AnyValue
        switch value {
        case .empty: break
        case .string(let text): string(Field.string, text)
        case .bool(let flag): uint64(Field.bool, flag ? 1 : 0)
        case .int(let number): uint64(Field.int, UInt64(bitPattern: number))
        case .double(let number): fixed64(Field.double, number.bitPattern)
        case .bytes(let bytes): data(Field.bytes, bytes)
        case .array(let values):
            message(Field.array) { writer in
                for value in values {
                    writer.message(OTLPField.List.values) { $0.attributeValue(value) }
                }
            }
        case .map(let entries):
            message(Field.map) { $0.attributes(OTLPField.List.values, entries) }
        }
    }

    fileprivate mutating func count(_ field: Int, _ value: UInt32) {
        if value != 0 { uint64(field, UInt64(value)) }
    }
}

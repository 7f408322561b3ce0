internal import SpanLogFormat
internal import Tracing

extension ActiveSpan {
    /// The span as a serialized OTLP `Span`.
    func encoded(_ state: State, end: UInt64) -> [UInt8] {
        typealias Field = OTLPField.Span
        var writer = ProtobufWriter(reserving: 256)
        writer.data(Field.traceID, identity.traceID.bytes)
        writer.data(Field.spanID, identity.spanID.bytes)
        if !identity.traceState.isEmpty {
            writer.string(Field.traceState, identity.traceState.headerValue(lengthMax: .max))
        }
        if let parentSpanID { writer.data(Field.parentSpanID, parentSpanID.bytes) }
        writer.string(Field.name, state.operationName)
        writer.uint64(Field.kind, UInt64(SpanRecord.Kind(kind).rawValue))
        writer.fixed64(Field.startNanoseconds, start.nanoseconds)
        writer.fixed64(Field.endNanoseconds, end)
        writer.spanAttributes(Field.attributes, state.attributes)
        for event in state.events { writer.message(Field.events) { $0.spanEvent(event) } }
        for link in state.links { writer.message(Field.links) { $0.spanLink(link) } }
        if let status = state.status { writer.message(Field.status) { $0.spanStatus(status) } }
        writer.fixed32(Field.flags, flags)
        return writer.bytes
    }

    /// OTLP's flags: W3C's, and where the parent lives.
    private var flags: UInt32 {
        UInt32(identity.flags.rawValue) | SpanRecord.parentRemoteKnown
            | (isParentRemote ? SpanRecord.parentRemote : 0)
    }
}

extension ProtobufWriter {
    fileprivate mutating func spanAttributes(_ field: Int, _ attributes: SpanAttributes) {
        attributes.forEach { key, value in
            message(field) { writer in
                writer.string(OTLPField.KeyValue.key, key)
                writer.message(OTLPField.KeyValue.value) {
                    $0.attributeValue(AttributeValue(value))
                }
            }
        }
    }

    fileprivate mutating func spanEvent(_ event: SpanEvent) {
        fixed64(OTLPField.Event.nanoseconds, event.nanosecondsSinceEpoch)
        string(OTLPField.Event.name, event.name)
        spanAttributes(OTLPField.Event.attributes, event.attributes)
    }

    fileprivate mutating func spanLink(_ link: SpanLink) {
        guard let identity = link.context.spanIdentity else { return }
        data(OTLPField.Link.traceID, identity.traceID.bytes)
        data(OTLPField.Link.spanID, identity.spanID.bytes)
        if !identity.traceState.isEmpty {
            string(OTLPField.Link.traceState, identity.traceState.headerValue(lengthMax: .max))
        }
        spanAttributes(OTLPField.Link.attributes, link.attributes)
        fixed32(OTLPField.Link.flags, UInt32(identity.flags.rawValue))
    }

    fileprivate mutating func spanStatus(_ status: SpanStatus) {
        if let message = status.message, !message.isEmpty {
            string(OTLPField.Status.message, message)
        }
        let code: SpanRecord.Status.Code = status.code == .ok ? .ok : .error
        uint64(OTLPField.Status.code, UInt64(code.rawValue))
    }
}

extension SpanRecord.Kind {
    fileprivate init(_ kind: SpanKind) {
        switch kind {
        case .server: self = .server
        case .client: self = .client
        case .producer: self = .producer
        case .consumer: self = .consumer
        case .internal: self = .internal
        }
    }
}

extension AttributeValue {
    /// The value as OTLP has it: its integers have 64 bits, and what is only convertible to a
    /// string is a string.
    init(_ value: SpanAttribute) {
        switch value {
        case .string(let text): self = .string(text)
        case .bool(let flag): self = .bool(flag)
        case .int32(let number): self = .int(Int64(number))
        case .int64(let number): self = .int(number)
        case .double(let number): self = .double(number)
        case .stringArray(let texts): self = .array(texts.map(AttributeValue.string))
        case .boolArray(let flags): self = .array(flags.map(AttributeValue.bool))
        case .int32Array(let numbers): self = .array(numbers.map { .int(Int64($0)) })
        case .int64Array(let numbers): self = .array(numbers.map(AttributeValue.int))
        case .doubleArray(let numbers): self = .array(numbers.map(AttributeValue.double))
        case .stringConvertible(let value): self = .string(String(describing: value))
        case .stringConvertibleArray(let values):
            self = .array(values.map { .string(String(describing: $0)) })
        default: self = .empty
        }
    }
}

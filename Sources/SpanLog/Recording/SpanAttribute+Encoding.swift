internal import SpanLogFormat
internal import Tracing

extension ProtobufWriter {
    mutating func spanEvent(_ event: SpanEvent, _ limits: SpanLimits) {
        fixed64(OTLPField.Event.nanoseconds, event.nanosecondsSinceEpoch)
        string(OTLPField.Event.name, event.name)
        let dropped = spanAttributes(
            OTLPField.Event.attributes, event.attributes, limits.eventAttributeCountMax, limits)
        if dropped > 0 { uint64(OTLPField.Event.droppedAttributesCount, UInt64(dropped)) }
    }

    mutating func spanLink(
        to identity: SpanIdentity, _ attributes: SpanAttributes, _ limits: SpanLimits
    ) {
        data(OTLPField.Link.traceID, identity.traceID.bytes)
        data(OTLPField.Link.spanID, identity.spanID.bytes)
        if !identity.traceState.isEmpty {
            string(
                OTLPField.Link.traceState, identity.traceState.headerValue(lengthMax: .max))
        }
        let dropped = spanAttributes(
            OTLPField.Link.attributes, attributes, limits.linkAttributeCountMax, limits)
        if dropped > 0 { uint64(OTLPField.Link.droppedAttributesCount, UInt64(dropped)) }
        fixed32(OTLPField.Link.flags, UInt32(identity.flags.rawValue))
    }

    mutating func spanStatus(_ status: SpanStatus) {
        if let message = status.message, !message.isEmpty {
            string(OTLPField.Status.message, message)
        }
        let code: SpanRecord.Status.Code = status.code == .ok ? .ok : .error
        uint64(OTLPField.Status.code, UInt64(code.rawValue))
    }

    /// - Returns: How many attributes the limit has kept out.
    private mutating func spanAttributes(
        _ field: Int, _ attributes: SpanAttributes, _ countMax: Int, _ limits: SpanLimits
    ) -> Int {
        var count = 0
        attributes.forEach { key, value in
            count += 1
            guard count <= countMax else { return }
            let value = limits.truncated(AttributeValue(value))
            self.attributes(field, [Attribute(key, value)])
        }
        return max(0, count - countMax)
    }
}

extension SpanRecord.Kind {
    init(_ kind: SpanKind) {
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

extension SpanAttribute {
    /// The value as swift-distributed-tracing has it, or `nil` if it has no such type.
    init?(_ value: AttributeValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .bool(let flag): self = .bool(flag)
        case .int(let number): self = .int64(number)
        case .double(let number): self = .double(number)
        case .array(let values): self.init(arrayOf: values)
        case .empty, .map, .bytes: return nil
        }
    }

    /// An array whose values have one simple type.
    private init?(arrayOf values: [AttributeValue]) {
        let attributes = values.compactMap { SpanAttribute($0) }
        guard attributes.count == values.count else { return nil }
        switch attributes.first {
        case nil: self = .stringArray([])
        case .string: self = .stringArray(attributes.compactMap(\.text))
        case .bool: self = .boolArray(attributes.compactMap(\.flag))
        case .int64: self = .int64Array(attributes.compactMap(\.number))
        case .double: self = .doubleArray(attributes.compactMap(\.fraction))
        default: return nil
        }
    }

    private var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    private var flag: Bool? {
        if case .bool(let flag) = self { flag } else { nil }
    }

    private var number: Int64? {
        if case .int64(let number) = self { number } else { nil }
    }

    private var fraction: Double? {
        if case .double(let number) = self { number } else { nil }
    }
}

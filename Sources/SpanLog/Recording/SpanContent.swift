internal import SpanLogFormat
internal import SpanLogStore
internal import Tracing

/// What a running span has said about itself so far.
struct SpanContent: ~Copyable {
    /// The bytes of the span's fixed fields and of its attributes.
    var draft: SpanDraft
    /// The attributes as a dictionary, once somebody has asked for it or set one.
    private var dictionary: SpanAttributes?
    /// Whether the draft's attributes are those of the dictionary.
    private var isDictionaryInDraft = true
    /// Events, links and a new name, as bytes of the span's fields.
    private var others = ProtobufWriter()
    private var status: SpanStatus?
    /// What the last recorded error says, for a status that says nothing itself.
    private var errorMessage: String?

    init(
        _ draft: consuming SpanDraft, _ head: SpanDraft.Head, _ name: String,
        _ traceState: TraceState
    ) {
        self.draft = draft
        let state = traceState.isEmpty ? "" : traceState.headerValue(lengthMax: .max)
        self.draft.begin(head, name: name, traceState: state)
    }

    mutating func rename(_ name: String) {
        // Of a field that stands twice, the last one counts.
        others.string(OTLPField.Span.name, name)
    }

    mutating func addEvent(_ event: SpanEvent) {
        others.message(OTLPField.Span.events) { $0.spanEvent(event) }
    }

    mutating func addError(_ event: SpanEvent, _ message: String) {
        addEvent(event)
        errorMessage = message
        // Some libraries say that a span failed before they say why.
        if let status, status.code == .error, status.message == nil { setStatus(status) }
    }

    mutating func addLink(to identity: SpanIdentity, _ attributes: SpanAttributes) {
        others.message(OTLPField.Span.links) { $0.spanLink(to: identity, attributes) }
    }

    mutating func setStatus(_ new: SpanStatus) {
        guard status?.code != .ok else { return }
        guard new.code == .error else {
            status = SpanStatus(code: new.code)
            return
        }
        let message = new.message ?? status?.message ?? errorMessage
        status = SpanStatus(code: .error, message: message)
    }

    /// Brings into the draft what is not there yet. Nothing may be changed afterwards.
    mutating func finish() {
        if let dictionary, !isDictionaryInDraft {
            draft.removeAttributes()
            append(dictionary)
        }
        if let status { others.message(OTLPField.Span.status) { $0.spanStatus(status) } }
        if !others.bytes.isEmpty { draft.append(others.bytes) }
    }
}

// MARK: Attributes

extension SpanContent {
    /// Sets one attribute: in the draft at once if the key is new, or else in the dictionary.
    mutating func setAttribute(
        _ key: String, _ value: @autoclosure () -> SpanAttribute,
        _ append: (inout SpanDraft) -> Void
    ) {
        if dictionary == nil, !draft.containsAttribute(key) {
            append(&draft)
            return
        }
        var attributes = attributes()
        attributes.set(key, value: value())
        dictionary = attributes
        isDictionaryInDraft = false
    }

    mutating func attributes() -> SpanAttributes {
        if let dictionary { return dictionary }
        let attributes = SpanAttributes(encoded: draft.attributeBytes)
        dictionary = attributes
        return attributes
    }

    mutating func setAttributes(_ attributes: SpanAttributes) {
        dictionary = attributes
        isDictionaryInDraft = false
        // The first ones go into the spool at once, for a process that dies before the span ends.
        guard draft.hasNoAttributes else { return }
        append(attributes)
        isDictionaryInDraft = true
    }

    private mutating func append(_ attributes: SpanAttributes) {
        attributes.forEach { key, value in
            switch value {
            case .string(let text): draft.append(key, text)
            case .int64(let number): draft.append(key, number)
            case .int32(let number): draft.append(key, Int64(number))
            case .double(let number): draft.append(key, number)
            case .bool(let flag): draft.append(key, flag)
            default: draft.append(Attribute(key, AttributeValue(value)))
            }
        }
    }
}

extension SpanAttributes {
    /// The attributes that the fields of an OTLP `Span` hold.
    fileprivate init(encoded bytes: [UInt8]) {
        self.init([:])
        var reader = ProtobufReader(bytes)
        while let field = try? reader.next(), let attribute = try? reader.attribute(field.value) {
            set(attribute.key, value: SpanAttribute(attribute.value))
        }
    }
}

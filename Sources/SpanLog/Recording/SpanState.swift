internal import SpanLogFormat
internal import SpanLogStore
internal import Tracing

/// What changes of a span while it runs.
struct SpanState: ~Copyable {
    private(set) var operationName: String
    /// The bytes of the span's fixed fields and of its attributes, as long as it is recording.
    private var draft: SpanDraft
    /// The attributes as a dictionary, once somebody has asked for it or set one.
    private var dictionary: SpanAttributes?
    /// Whether the draft's attributes are those of the dictionary.
    private var isDictionaryInDraft = true
    /// How many attributes a limit has kept out: of those set one by one, and of the dictionary.
    private var droppedAttributeCount = 0
    private var droppedDictionaryCount = 0
    /// What most spans have none of.
    private var rareDetails: SpanDetails?

    /// The state of a span that records nothing.
    init(_ operationName: String) {
        self.operationName = operationName
        draft = .nothing
    }

    /// The state of a span that is recorded.
    init(_ operationName: String, _ draft: consuming SpanDraft) {
        self.operationName = operationName
        self.draft = draft
    }

    /// Events, links and status. Only of a span that is recording.
    var details: SpanDetails {
        mutating get {
            if let rareDetails { return rareDetails }
            let details = SpanDetails()
            rareDetails = details
            return details
        }
    }

    mutating func rename(_ name: String) {
        operationName = name
        details.rename(name)
    }

    /// Ends a span that is recording, and hands it over.
    mutating func end(_ lane: RecordingLane, at end: UInt64, start: UInt64) {
        finish(lane)
        lane.spool.end(&draft, at: end, start: start)
    }

    /// Hands over a span that is recording and that nobody can end any more.
    mutating func abandon(_ lane: RecordingLane) {
        finish(lane)
        lane.spool.abandon(&draft)
    }

    /// Brings into the draft everything that was said of the span.
    private mutating func finish(_ lane: RecordingLane) {
        if let dictionary {
            if !isDictionaryInDraft { replaceAttributes(by: dictionary, lane) }
            self.dictionary = nil
        }
        let droppedCount = droppedAttributeCount + droppedDictionaryCount
        if droppedCount > 0 { details.droppedAttributeCount = droppedCount }
        if let rareDetails { draft.append(rareDetails.encoded(lane.limits)) }
        if let redaction = lane.redaction {
            draft.replace(with: redaction.redacted(draft.bytes))
        }
    }
}

// MARK: Attributes

extension SpanState {
    @inline(__always)
    mutating func setAttribute(_ key: String, _ value: String, _ lane: RecordingLane) {
        let value = lane.limits.truncated(value)
        if dictionary == nil, draft.append(key, value, countMax: directCountMax(lane), isNew: false)
        {
            return
        }
        replaceAttribute(key, .string(value), lane)
    }

    @inline(__always)
    mutating func setAttribute(_ key: String, _ value: Int64, _ lane: RecordingLane) {
        if dictionary == nil, draft.append(key, value, countMax: directCountMax(lane), isNew: false)
        {
            return
        }
        replaceAttribute(key, .int64(value), lane)
    }

    @inline(__always)
    mutating func setAttribute(_ key: String, _ value: Double, _ lane: RecordingLane) {
        if dictionary == nil, draft.append(key, value, countMax: directCountMax(lane), isNew: false)
        {
            return
        }
        replaceAttribute(key, .double(value), lane)
    }

    @inline(__always)
    mutating func setAttribute(_ key: String, _ value: Bool, _ lane: RecordingLane) {
        if dictionary == nil, draft.append(key, value, countMax: directCountMax(lane), isNew: false)
        {
            return
        }
        replaceAttribute(key, .bool(value), lane)
    }

    /// How many attributes are looked through for a key; with more, a dictionary finds it.
    @inline(__always)
    private func directCountMax(_ lane: RecordingLane) -> Int {
        min(lane.limits.attributeCountMax, 64)
    }

    /// Sets an attribute whose key is there already, or that is one of many, or one too many.
    @inline(never)
    private mutating func replaceAttribute(
        _ key: String, _ value: SpanAttribute, _ lane: RecordingLane
    ) {
        if dictionary == nil { dictionary = attributes() }
        let isOneTooMany = dictionary!.count >= lane.limits.attributeCountMax
        if isOneTooMany, dictionary!.get(key) == nil {
            droppedAttributeCount += 1
            return
        }
        dictionary!.set(key, value: value)
        isDictionaryInDraft = false
    }

    mutating func attributes() -> SpanAttributes {
        if let dictionary { return dictionary }
        guard draft.attributeCount > 0 else {
            // Whoever asks for attributes that are not there is about to set some.
            return SpanAttributes(Dictionary(minimumCapacity: Self.usualAttributeCount))
        }
        let attributes = SpanAttributes(encoded: draft.attributeBytes)
        dictionary = attributes
        return attributes
    }

    /// The attributes for somebody who will set them again at once, and can then change them in
    /// place.
    mutating func takeAttributes() -> SpanAttributes {
        let attributes = attributes()
        if isDictionaryInDraft { dictionary = nil }
        return attributes
    }

    mutating func setAttributes(_ attributes: SpanAttributes, _ lane: RecordingLane) {
        // Few attributes go into the spool at once, for a process that dies before the span ends;
        // more do so when the span ends, lest each change cost as much as all of them.
        isDictionaryInDraft = attributes.count <= Self.usualAttributeCount || hasNoAttributes
        if isDictionaryInDraft { replaceAttributes(by: attributes, lane) }
        dictionary = attributes
    }

    private static let usualAttributeCount = 6

    private var hasNoAttributes: Bool { draft.attributeCount == 0 }

    private mutating func replaceAttributes(
        by attributes: SpanAttributes, _ lane: RecordingLane
    ) {
        if !hasNoAttributes { draft.removeAttributes() }
        attributes.forEach { key, value in
            append(key, value, lane)
        }
        droppedDictionaryCount = attributes.count - draft.attributeCount
    }

    private mutating func append(
        _ key: String, _ value: SpanAttribute, _ lane: RecordingLane
    ) {
        let countMax = lane.limits.attributeCountMax
        switch value {
        case .string(let text):
            _ = draft.append(key, lane.limits.truncated(text), countMax: countMax, isNew: true)
        case .int64(let number): _ = draft.append(key, number, countMax: countMax, isNew: true)
        case .int32(let number):
            _ = draft.append(key, Int64(number), countMax: countMax, isNew: true)
        case .double(let number): _ = draft.append(key, number, countMax: countMax, isNew: true)
        case .bool(let flag): _ = draft.append(key, flag, countMax: countMax, isNew: true)
        default:
            let value = lane.limits.truncated(AttributeValue(value))
            _ = draft.append(Attribute(key, value), countMax: countMax, isNew: true)
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

import SpanLogFormat

/// A span as the merge handles it: its bytes, undecoded, and where it came from.
struct RawSpan: Sendable {
    let producer: Producer
    let bytes: ArraySlice<UInt8>

    /// What all spans of a block have in common.
    struct Producer: Hashable, Comparable, Sendable {
        let recorderID: RecorderID
        let resource: [UInt8]
        let scope: [UInt8]

        static func < (left: Producer, right: Producer) -> Bool {
            if left.recorderID != right.recorderID { return left.recorderID < right.recorderID }
            if left.resource != right.resource {
                return left.resource.lexicographicallyPrecedes(right.resource)
            }
            return left.scope.lexicographicallyPrecedes(right.scope)
        }
    }
}

extension ArchivedTrace {
    /// `spans` as a serialized OTLP `TracesData`, grouped by producer.
    ///
    /// Equal spans in another order give the same bytes, as long as each producer's are in order.
    static func encoded(_ spans: ArraySlice<RawSpan>) -> [UInt8] {
        let groups = Dictionary(grouping: spans, by: \.producer).sorted {
            $0.key < $1.key
        }
        var writer = ProtobufWriter()
        for (producer, spans) in groups {
            writer.message(OTLPField.TracesData.resourceSpans) { writer in
                writer.data(OTLPField.ResourceSpans.resource, producer.resource)
                writer.message(OTLPField.ResourceSpans.scopeSpans) { writer in
                    writer.data(OTLPField.ScopeSpans.scope, producer.scope)
                    for span in spans { writer.data(OTLPField.ScopeSpans.spans, span.bytes) }
                }
                writer.data(ArchiveFormat.recorderIDField, producer.recorderID.bytes)
            }
        }
        return writer.bytes
    }

    /// Reads the parts of a trace that ``encoded(_:)`` made.
    init(id: TraceID, decoding parts: [[UInt8]]) throws {
        var spans: [ArchivedSpan] = []
        for part in parts { try Self.decode(part) { spans.append($0) } }
        spans.sort { left, right in
            (left.record.startNanoseconds, left.record.spanID, left.recorderID)
                < (right.record.startNanoseconds, right.record.spanID, right.recorderID)
        }
        self.init(id: id, spans: spans)
    }

    private static func decode(_ part: [UInt8], _ body: (ArchivedSpan) -> Void) throws {
        var reader = ProtobufReader(part)
        while let group = try reader.next() {
            let range = try reader.range(group.value)
            let recorderID = try recorderID(in: part, range)
            var resources: [Range<Int>: Resource] = [:]
            try TracesData.forEachSpan(inResourceSpans: range, of: part) { place in
                let resource =
                    try resources[place.resource] ?? Resource(decoding: part, place.resource)
                resources[place.resource] = resource
                body(
                    ArchivedSpan(
                        record: try SpanRecord(decoding: part, place.span), resource: resource,
                        recorderID: recorderID))
            }
        }
    }

    private static func recorderID(in bytes: [UInt8], _ range: Range<Int>) throws -> RecorderID {
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            guard field.number == ArchiveFormat.recorderIDField else { continue }
            if let id = RecorderID(bytes: bytes[try reader.range(field.value)]) { return id }
        }
        throw FormatError("a group of spans does not say which recorder wrote it")
    }
}

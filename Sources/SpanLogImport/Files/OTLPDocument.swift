internal import SpanLogFormat
internal import SpanLogJSON

/// Spans of another format as OTLP, by resource and scope.
struct OTLPDocument {
    private var groups: [Group] = []
    private var places: [Key: Int] = [:]
    private(set) var spanCount = 0

    private struct Key: Hashable {
        let resource: [Attribute]
        let scopeName: String
        let scopeVersion: String
    }

    private struct Group {
        let key: Key
        var spans: [UInt8] = []
    }

    mutating func add(_ span: SpanRecord, resource: [Attribute], _ scope: InstrumentationScope) {
        let key = Key(resource: resource, scopeName: scope.name, scopeVersion: scope.version)
        let place = places[key] ?? groups.count
        if place == groups.count {
            places[key] = place
            groups.append(Group(key: key))
        }
        var writer = ProtobufWriter(reserving: 512)
        writer.message(OTLPField.ScopeSpans.spans) { span.encode(into: &$0) }
        groups[place].spans += writer.bytes
        spanCount += 1
    }

    /// The serialized OTLP `TracesData`.
    var tracesData: [UInt8] {
        var writer = ProtobufWriter()
        for group in groups {
            writer.message(OTLPField.TracesData.resourceSpans) { writer in
                let resource = Resource(attributes: group.key.resource)
                if !resource.attributes.isEmpty {
                    writer.data(OTLPField.ResourceSpans.resource, resource.encoded())
                }
                writer.message(OTLPField.ResourceSpans.scopeSpans) { writer in
                    let (name, version) = (group.key.scopeName, group.key.scopeVersion)
                    if !name.isEmpty {
                        writer.data(
                            OTLPField.ScopeSpans.scope,
                            TracesData.scope(name: name, version: version))
                    }
                    writer.bytes += group.spans
                }
            }
        }
        return writer.bytes
    }

    /// With what was refused.
    func document(refused: [JSONFault]) -> OTLPJSON.Document {
        OTLPJSON.Document(
            tracesData: tracesData, spanCount: spanCount,
            refused: refused.map(OTLPJSON.Refusal.init), refusedCount: refused.count)
    }
}

/// The library that made a span.
struct InstrumentationScope: Hashable {
    var name = ""
    var version = ""

    /// Takes what attributes say of it out of them.
    init(taking attributes: inout [Attribute]) {
        name = attributes.takeText("otel.scope.name", "otel.library.name") ?? ""
        guard !name.isEmpty else { return }
        version = attributes.takeText("otel.scope.version", "otel.library.version") ?? ""
    }
}

internal import SpanLogFormat
internal import SpanLogJSON

/// A span as Zipkin's API of version 2 has it, in OTLP by OpenTelemetry's rules.
struct ZipkinSpan {
    private var record = SpanRecord(
        traceID: TraceID(high: 0, low: 0), spanID: SpanID(0), name: "", startNanoseconds: 0,
        endNanoseconds: 0)
    private var resource: [Attribute] = []
    private var local = ZipkinEndpoint()
    private var remote = ZipkinEndpoint()
    private var durationNanoseconds: UInt64?

    /// Reads one.
    ///
    /// - Throws: ``OTLPJSON/Refusal`` if it is no JSON. A span that is wrong is left out.
    static func document(_ bytes: [UInt8]) throws(OTLPJSON.Refusal) -> OTLPJSON.Document {
        var document = OTLPDocument()
        var reader = JSONReader(bytes)
        do throws(JSONFault) {
            var span = try ZipkinSpan(&reader)
            let scope = InstrumentationScope(taking: &span.record.attributes)
            document.add(span.record, resource: span.resource, scope)
            return document.document(refused: [])
        } catch {
            guard !error.breaksGrammar, isJSON(bytes) else { throw OTLPJSON.Refusal(error) }
            return document.document(refused: [error])
        }
    }

    private static func isJSON(_ bytes: [UInt8]) -> Bool {
        var reader = JSONReader(bytes)
        return (try? reader.skip()) != nil
    }

    private init(_ reader: inout JSONReader) throws(JSONFault) {
        let start = reader.position
        var members = try reader.object()
        while let index = try reader.next(&members, of: Self.names) { try take(index, &reader) }
        try setTimes(start)
        setParent()
        takeTags()
    }

    private static let names = JSONNames([
        "traceId", "id", "parentId", "name", "kind", "timestamp", "duration", "localEndpoint",
        "remoteEndpoint", "annotations", "tags",
    ])

    private mutating func take(_ index: Int, _ reader: inout JSONReader) throws(JSONFault) {
        switch index {
        case 0: record.traceID = try reader.traceID()
        case 1: record.spanID = try reader.spanID()
        case 2: record.parentSpanID = try reader.spanID()
        case 3: record.name = try reader.text()
        case 4: record.kind = SpanRecord.Kind(name: try reader.text()) ?? .unspecified
        case 5: record.startNanoseconds = try reader.microseconds()
        case 6: durationNanoseconds = try reader.microseconds()
        case 7: local = try ZipkinEndpoint(&reader)
        case 8: remote = try ZipkinEndpoint(&reader)
        case 9: record.events = try ZipkinAnnotation.events(&reader)
        default: record.attributes = try Self.tags(&reader)
        }
    }

    private static func tags(_ reader: inout JSONReader) throws(JSONFault) -> [Attribute] {
        var tags: [Attribute] = []
        var members = try reader.object()
        while let name = try reader.next(&members) {
            let key = JSONString.text(reader.bytes, name)
            tags.append(Attribute(key, try reader.plainValue()))
        }
        return tags
    }
}

extension ZipkinSpan {
    /// A span without a duration has not ended; one without a start has its first annotation's.
    private mutating func setTimes(_ offset: Int) throws(JSONFault) {
        if record.startNanoseconds == 0 {
            record.startNanoseconds = record.events.map(\.nanoseconds).min() ?? 0
        }
        guard let durationNanoseconds else { return }
        let (end, isTooLate) = record.startNanoseconds.addingReportingOverflow(durationNanoseconds)
        guard !isTooLate else { throw JSONFault(offset, "the span ends after all time") }
        record.endNanoseconds = end
    }

    private mutating func setParent() {
        guard let parent = record.parentSpanID else { return }
        if !parent.isValid || parent == record.spanID { record.parentSpanID = nil }
    }

    private mutating func takeTags() {
        if record.kind == .unspecified, record.attributes.text(for: "span.kind") == "internal" {
            _ = record.attributes.take("span.kind")
            record.kind = .internal
        }
        record.status = TagStatus.zipkin(taking: &record.attributes)
        record.traceState = record.attributes.takeText("w3c.tracestate") ?? ""
        takeResource()
        record.attributes += local.attributes("network.local")
        if !remote.service.isEmpty, !record.attributes.has("peer.service") {
            record.attributes.append(Attribute("peer.service", .string(remote.service)))
        }
        record.attributes += remote.attributes("network.peer")
    }

    /// Tags that speak of the process, which exporters of OpenTelemetry write beside the span's own.
    private mutating func takeResource() {
        if !local.service.isEmpty {
            resource.append(Attribute("service.name", .string(local.service)))
        }
        for tag in record.attributes where Self.isOfResource(tag.key) {
            guard !resource.has(tag.key) else { continue }
            if tag.key == "process.pid", case .string(let text) = tag.value, let id = Int64(text) {
                resource.append(Attribute(tag.key, .int(id)))
            } else {
                resource.append(tag)
            }
        }
        record.attributes.removeAll { Self.isOfResource($0.key) }
        // Which clock stamped the span: instances on several hosts have one name.
        if !local.address.isEmpty, !resource.has("host.ip") {
            resource.append(Attribute("host.ip", .array([.string(local.address)])))
        }
    }

    private static func isOfResource(_ key: String) -> Bool {
        resourcePrefixes.contains { key.hasPrefix($0) }
    }

    private static let resourcePrefixes = [
        "service.", "telemetry.sdk.", "host.", "process.", "os.", "container.", "k8s.", "cloud.",
        "deployment.", "device.",
    ]
}

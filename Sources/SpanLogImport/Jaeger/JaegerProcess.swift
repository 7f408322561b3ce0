internal import SpanLogFormat
internal import SpanLogJSON

/// A process as Jaeger has it: OTLP's resource.
enum JaegerProcess {
    /// Reads `{"serviceName": …, "tags": […]}`.
    static func resource(_ reader: inout JSONReader) throws(JSONFault) -> [Attribute] {
        var service = ""
        var tags: [Attribute] = []
        var members = try reader.object()
        while let name = try reader.next(&members) {
            switch names.index(of: name, in: reader.bytes) {
            case 0: service = try reader.text()
            case 1: tags = try JaegerTags.attributes(&reader)
            default: try reader.skip()
            }
        }
        rename("hostname", "host.name", in: &tags)
        if case .string(let version)? = tags.value(for: "jaeger.version"), !tags.has(exporter) {
            _ = tags.take("jaeger.version")
            tags.append(Attribute(exporter, .string("Jaeger-\(version)")))
        }
        // What exporters write of resources that have no name.
        guard !service.isEmpty, service != "OTLPResourceNoServiceName" else { return tags }
        return [Attribute("service.name", .string(service))]
            + tags.filter { $0.key != "service.name" }
    }

    private static let names = JSONNames(["serviceName", "tags"])
    private static let exporter = "opencensus.exporterversion"

    private static func rename(_ old: String, _ new: String, in tags: inout [Attribute]) {
        guard !tags.has(new), let value = tags.take(old) else { return }
        tags.append(Attribute(new, value))
    }
}

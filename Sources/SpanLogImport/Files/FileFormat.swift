/// What files of spans that others wrote may hold.
public enum FileFormat: String, CaseIterable, Sendable, Codable {
    /// OpenTelemetry's own: `TracesData` or `ExportTraceServiceRequest`, as JSON, a document a line or
    /// one alone, or as Protocol Buffers, behind lengths of four bytes or one alone.
    case otlp
    /// The JSON of Jaeger's interface and of its API: `{"data": [trace, …]}`.
    case jaeger
    /// The JSON of Zipkin's API, version 2: lists of spans, a list a line or one alone.
    case zipkin

    /// As people write it.
    public var name: String {
        switch self {
        case .otlp: "OTLP"
        case .jaeger: "Jaeger"
        case .zipkin: "Zipkin"
        }
    }
}

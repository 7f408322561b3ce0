internal import SpanLogFormat
internal import SpanLogJSON

/// What a span of Jaeger's says of another one.
struct JaegerReference: Hashable {
    private(set) var isFollower = false
    private(set) var traceID = TraceID(high: 0, low: 0)
    private(set) var spanID = SpanID(0)

    /// Reads `[{"refType": "CHILD_OF", "traceID": …, "spanID": …}, …]`.
    static func list(_ reader: inout JSONReader) throws(JSONFault) -> [JaegerReference] {
        var references: [JaegerReference] = []
        var elements = try reader.array()
        while try reader.hasNext(&elements) { references.append(try JaegerReference(&reader)) }
        return references
    }

    private init(_ reader: inout JSONReader) throws(JSONFault) {
        var members = try reader.object()
        while let name = try reader.next(&members) {
            switch Self.names.index(of: name, in: reader.bytes) {
            case 0: isFollower = try reader.text().uppercased() == "FOLLOWS_FROM"
            case 1: traceID = try reader.traceID()
            case 2: spanID = try reader.spanID()
            default: try reader.skip()
            }
        }
    }

    private static let names = JSONNames(["refType", "traceID", "spanID"])

    /// The reference as OTLP has it where it is not the parent.
    var link: SpanRecord.Link {
        let type = isFollower ? "follows_from" : "child_of"
        return SpanRecord.Link(
            traceID: traceID, spanID: spanID,
            attributes: [Attribute("opentracing.ref_type", .string(type))])
    }
}

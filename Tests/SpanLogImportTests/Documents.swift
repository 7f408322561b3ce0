import SpanLogFormat
import SpanLogTestSupport

@testable import SpanLogImport

extension OTLPJSON.Document {
    /// The spans, each with its resource's attributes and the name of its scope.
    var contents: [(span: SpanRecord, resource: [Attribute], scope: String)] {
        get throws {
            var contents: [(span: SpanRecord, resource: [Attribute], scope: String)] = []
            try TracesData.forEachSpan(in: tracesData) { place in
                contents.append(
                    (
                        span: try SpanRecord(decoding: tracesData, place.span),
                        resource: try Resource(decoding: tracesData, place.resource).attributes,
                        scope: try Self.name(ofScope: tracesData, place.scope)
                    ))
            }
            return contents
        }
    }

    var spans: [SpanRecord] {
        get throws { try contents.map(\.span) }
    }

    private static func name(ofScope bytes: [UInt8], _ range: Range<Int>) throws -> String {
        var reader = ProtobufReader(bytes, range)
        var name = ""
        while let field = try reader.next() {
            if field.number == OTLPField.Scope.name { name = try reader.text(field.value) }
        }
        return name
    }
}

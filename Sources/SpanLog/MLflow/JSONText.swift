internal import FoundationEssentials
internal import Tracing

/// Values as the JSON text that MLflow keeps inputs and outputs in.
enum JSONText {
    /// The text, with sorted keys so that equal values give equal text.
    ///
    /// Numbers that JSON does not have become the strings "NaN", "Infinity" and "-Infinity".
    ///
    /// - Parameter span: The span that attachments among the values are recorded for.
    static func encode(_ value: some Encodable, in span: (any Tracing.Span)? = nil) throws -> String
    {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        if let span { encoder.userInfo[Attachment.spanKey] = span }
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

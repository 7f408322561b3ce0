internal import FoundationEssentials

/// Values as the JSON text that MLflow keeps inputs and outputs in.
enum JSONText {
    /// The text, with sorted keys so that equal values give equal text.
    ///
    /// Numbers that JSON does not have become the strings "NaN", "Infinity" and "-Infinity".
    static func encode(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

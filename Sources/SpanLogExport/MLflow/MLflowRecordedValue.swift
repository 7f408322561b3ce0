import SpanLogFormat

/// Inputs or outputs as MLflow's SDK would have them: JSON text of some value.
struct MLflowRecordedValue {
    /// The text, checked; `nil` if a service set the attribute to something else than JSON.
    let json: JSONText?
    private let text: String

    /// The inputs or outputs under `key`, or `nil` if the span has none.
    init?(_ key: String, of record: SpanRecord) {
        guard let value = record.attributes.value(for: key) else { return nil }
        if case .string(let text) = value {
            json = JSONText(text)
            self.text = json == nil ? JSONText.quoted(text) : text
        } else {
            text = value.jsonText
            json = JSONText(text)
        }
    }

    /// The beginning of the text as Python prints JSON, at least `scalarMax` characters of it.
    func spaced(atLeast scalarMax: Int) -> String {
        json?.spaced(atLeast: scalarMax) ?? text
    }

    /// The text for the trace's metadata, cut as MLflow's SDK cuts it.
    var metadata: String {
        let limit = MLflowLimit.metadataValue
        return spaced(atLeast: limit + 1).truncated(limit, ending: "...")
    }
}

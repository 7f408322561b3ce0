internal import SpanLogFormat
internal import Tracing

extension Tracing.Span {
    /// Sets an attribute, without making a dictionary if the span is one of SpanLog's: then it is in
    /// the spool at once, and survives the process.
    func record(_ value: SpanAttribute, for key: String) {
        guard let span = self as? ActiveSpan else {
            return updateAttributes { $0.set(key, value: value) }
        }
        switch value {
        case .string(let text): span.setAttribute(key, text)
        case .int64(let number): span.setAttribute(key, Int(number))
        case .double(let number): span.setAttribute(key, number)
        case .bool(let flag): span.setAttribute(key, flag)
        default: span.updateAttributes { $0.set(key, value: value) }
        }
    }

    /// Sets an attribute to the JSON text of `value`, and if there is none, to its description, with
    /// the reason under `errorKey`.
    func recordJSON(_ value: some Encodable, for key: String, error errorKey: String) {
        guard isRecording else { return }
        do {
            record(.string(try JSONText.encode(value, in: self)), for: key)
        } catch {
            let description = (try? JSONText.encode(String(describing: value))) ?? "null"
            record(.string(description), for: key)
            record(.string(String(describing: error)), for: errorKey)
        }
    }
}

internal import SpanLogFormat
internal import SpanLogStore

/// Lets the service see each span before it is stored, and take out what must not be.
struct Redaction: Sendable {
    let hook: @Sendable (inout RedactableSpan) throws -> Void
    /// Called when the hook has failed.
    let onFailure: @Sendable () -> Void

    /// The span's fields after the hook has seen them. If it fails, nothing is left that it might
    /// have taken out.
    func redacted(_ span: [UInt8]) -> [UInt8] {
        guard var record = try? SpanRecord(decoding: span) else { return span }
        do {
            var redactable = RedactableSpan(record)
            try hook(&redactable)
            redactable.apply(to: &record)
        } catch {
            onFailure()
            record.removeContent()
        }
        return record.encoded()
    }
}

extension SpanRecord {
    /// Leaves identity, name, times and status code.
    fileprivate mutating func removeContent() {
        droppedAttributesCount += UInt32(clamping: attributes.count)
        droppedEventsCount += UInt32(clamping: events.count)
        attributes = []
        events = []
        status.message = ""
        for index in links.indices {
            links[index].droppedAttributesCount += UInt32(clamping: links[index].attributes.count)
            links[index].attributes = []
        }
    }
}

internal import SpanLogFormat
internal import Tracing

/// What most spans have none of: events, links, a status, a new name. It belongs to one
/// ``SpanState`` and lives under its lock.
final class SpanDetails {
    /// How many attributes a limit has kept out.
    var droppedAttributeCount = 0
    /// Events, links and a new name, as bytes of the span's fields.
    private var fields = ProtobufWriter()
    private var eventCount = 0
    private var linkCount = 0
    private var status: SpanStatus?
    /// What the last recorded error says, for a status that says nothing itself.
    private var errorMessage: String?

    func rename(_ name: String) {
        // Of a field that stands twice, the last one counts.
        fields.string(OTLPField.Span.name, name)
    }

    func addEvent(_ event: SpanEvent, _ limits: SpanLimits) {
        eventCount += 1
        guard eventCount <= limits.eventCountMax else { return }
        fields.message(OTLPField.Span.events) { $0.spanEvent(event, limits) }
    }

    func addError(_ event: SpanEvent, _ message: String, _ limits: SpanLimits) {
        addEvent(event, limits)
        errorMessage = message
        // Some libraries say that a span failed before they say why.
        if let status, status.code == .error, status.message == nil { setStatus(status) }
    }

    func addLink(
        to identity: SpanIdentity, _ attributes: SpanAttributes, _ limits: SpanLimits
    ) {
        linkCount += 1
        guard linkCount <= limits.linkCountMax else { return }
        fields.message(OTLPField.Span.links) { $0.spanLink(to: identity, attributes, limits) }
    }

    func setStatus(_ new: SpanStatus) {
        guard status?.code != .ok else { return }
        guard new.code == .error else {
            status = SpanStatus(code: new.code)
            return
        }
        let message = new.message ?? status?.message ?? errorMessage
        status = SpanStatus(code: .error, message: message)
    }

    /// Everything, as bytes of the span's fields.
    func encoded(_ limits: SpanLimits) -> [UInt8] {
        typealias Field = OTLPField.Span
        if let status { fields.message(Field.status) { $0.spanStatus(status) } }
        count(Field.droppedAttributesCount, droppedAttributeCount)
        count(Field.droppedEventsCount, eventCount - limits.eventCountMax)
        count(Field.droppedLinksCount, linkCount - limits.linkCountMax)
        return fields.bytes
    }

    private func count(_ field: Int, _ number: Int) {
        if number > 0 { fields.uint64(field, UInt64(number)) }
    }
}

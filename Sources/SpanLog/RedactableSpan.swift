internal import SpanLogFormat
public import Tracing

/// A span that has ended, as ``Recorder/Configuration/redact`` sees it before it is stored.
///
/// What the hook leaves here is what is stored. MLflow's inputs and outputs are the attributes
/// `mlflow.spanInputs` and `mlflow.spanOutputs`. Attachments and what is said about a trace afterwards come
/// as spans called `spanlog.note`, whose attributes <doc:FileFormat> lists.
public struct RedactableSpan {
    /// The span's name.
    public var name: String
    /// The span's attributes.
    public var attributes: SpanAttributes
    /// What happened in the span, errors among it.
    public var events: [Event]
    /// Why the span failed, empty if it did not or nobody said.
    public var statusMessage: String

    /// Something that happened at one instant of a span.
    public struct Event {
        /// The event's name.
        public var name: String
        /// The event's attributes.
        public var attributes: SpanAttributes
        fileprivate let original: SpanRecord.Event
    }
}

extension RedactableSpan {
    init(_ record: SpanRecord) {
        name = record.name
        attributes = SpanAttributes(record.attributes)
        events = record.events.map { event in
            Event(
                name: event.name, attributes: SpanAttributes(event.attributes), original: event)
        }
        statusMessage = record.status.message
    }

    func apply(to record: inout SpanRecord) {
        record.name = name
        record.attributes = attributes.asAttributes
        record.events = events.map { event in
            var record = event.original
            record.name = event.name
            record.attributes = event.attributes.asAttributes
            return record
        }
        record.status.message = statusMessage
    }
}

extension SpanAttributes {
    init(_ attributes: [Attribute]) {
        self.init([:])
        for attribute in attributes { set(attribute.key, value: SpanAttribute(attribute.value)) }
    }

    /// The attributes as OTLP has them, by key.
    fileprivate var asAttributes: [Attribute] {
        var result: [Attribute] = []
        forEach { key, value in result.append(Attribute(key, AttributeValue(value))) }
        return result.sorted { $0.key < $1.key }
    }
}

internal import SpanLogFormat
internal import SpanLogJSON

/// Something that happened during a span as Zipkin has it: OTLP's event.
enum ZipkinAnnotation {
    /// Reads `[{"timestamp": …, "value": …}, …]`.
    static func events(_ reader: inout JSONReader) throws(JSONFault) -> [SpanRecord.Event] {
        var events: [SpanRecord.Event] = []
        var elements = try reader.array()
        while try reader.hasNext(&elements) {
            var event = SpanRecord.Event(name: "", nanoseconds: 0)
            var value = ""
            var members = try reader.object()
            while let name = try reader.next(&members) {
                switch names.index(of: name, in: reader.bytes) {
                case 0: event.nanoseconds = try reader.microseconds()
                case 1: value = try reader.text()
                default: try reader.skip()
                }
            }
            (event.name, event.attributes) = parts(value) ?? (value, [])
            events.append(event)
        }
        return events
    }

    private static let names = JSONNames(["timestamp", "value"])

    /// Name and attributes of `{"name": {"key": value, …}}`, as exporters of OpenTelemetry write events
    /// that have some, with or without the outer braces.
    private static func parts(_ value: String) -> (String, [Attribute])? {
        guard value.hasSuffix("}") else { return nil }
        let text = value.hasPrefix("{") ? value : "{\(value)}"
        do throws(JSONFault) {
            var reader = JSONReader(Array(text.utf8))
            var members = try reader.object()
            guard let name = try reader.next(&members), try reader.peek() == .objectStart else {
                return nil
            }
            var attributes: [Attribute] = []
            var inner = try reader.object()
            while let key = try reader.next(&inner) {
                let key = JSONString.text(reader.bytes, key)
                attributes.append(Attribute(key, try reader.plainValue()))
            }
            guard try reader.next(&members) == nil else { return nil }
            try reader.finish()
            return (JSONString.text(reader.bytes, name), attributes)
        } catch {
            return nil
        }
    }
}

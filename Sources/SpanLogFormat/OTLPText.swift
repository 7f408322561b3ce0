/// The texts of a serialized OTLP `TracesData`, which are to be UTF-8.
///
/// Not every sender keeps to that, and most readers of Protocol Buffers refuse all of a message in
/// which one text is anything else: one bad byte of one span would take the others' with it.
package enum OTLPText {
    /// `bytes` with U+FFFD in place of what is no UTF-8; the same bytes if nothing is.
    ///
    /// What cannot be read stays as it is.
    ///
    /// - Complexity: O(*n*) in the number of bytes.
    package static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        let all = 0..<bytes.count
        if isValid(bytes.span, .tracesData, all, depth: 0) { return bytes }
        var writer = ProtobufWriter(reserving: bytes.count + bytes.count / 8)
        copy(bytes, .tracesData, all, depth: 0, to: &writer)
        return writer.bytes
    }

    /// A message with texts in it.
    private enum Message {
        case tracesData, resourceSpans, resource, scopeSpans, scope, span, event, link, status
        case keyValue, value, list, map
    }

    /// What a field holds.
    private enum Content {
        case text
        case message(Message)
    }

    private static func isValid(
        _ bytes: Span<UInt8>, _ message: Message, _ range: Range<Int>, depth: Int
    ) -> Bool {
        guard depth < depthMax else { return true }
        var cursor = WireCursor(range)
        while let field = try? cursor.next(bytes) {
            guard field.isDelimited, let content = content(message, field.number),
                let range = try? field.range
            else { continue }
            let isSound =
                switch content {
                case .text: (try? UTF8Span(validating: bytes.extracting(range))) != nil
                case .message(let inner): isValid(bytes, inner, range, depth: depth + 1)
                }
            guard isSound else { return false }
        }
        return true
    }

    private static func copy(
        _ bytes: [UInt8], _ message: Message, _ range: Range<Int>, depth: Int,
        to writer: inout ProtobufWriter
    ) {
        var cursor = WireCursor(range)
        var start = range.lowerBound
        while depth < depthMax, let field = try? cursor.next(bytes.span) {
            let content = field.isDelimited ? content(message, field.number) : nil
            switch (content, try? field.range) {
            case (.text, let range?):
                writer.string(field.number, String(decoding: bytes[range], as: UTF8.self))
            case (.message(let inner), let range?):
                writer.message(field.number) {
                    copy(bytes, inner, range, depth: depth + 1, to: &$0)
                }
            default: writer.bytes += bytes[start..<cursor.position]
            }
            start = cursor.position
        }
        writer.bytes += bytes[start..<range.upperBound]
    }

    private static func content(_ message: Message, _ number: Int) -> Content? {
        switch (message, number) {
        case (.tracesData, OTLPField.TracesData.resourceSpans): .message(.resourceSpans)
        case (.resourceSpans, OTLPField.ResourceSpans.resource): .message(.resource)
        case (.resourceSpans, OTLPField.ResourceSpans.scopeSpans): .message(.scopeSpans)
        case (.resourceSpans, OTLPField.ResourceSpans.schemaURL): .text
        case (.resource, OTLPField.Resource.attributes): .message(.keyValue)
        case (.scopeSpans, OTLPField.ScopeSpans.scope): .message(.scope)
        case (.scopeSpans, OTLPField.ScopeSpans.spans): .message(.span)
        case (.scopeSpans, OTLPField.ScopeSpans.schemaURL): .text
        case (.scope, OTLPField.Scope.name), (.scope, OTLPField.Scope.version): .text
        case (.scope, OTLPField.Scope.attributes): .message(.keyValue)
        case (.span, _): spanContent(number)
        case (.event, OTLPField.Event.name): .text
        case (.event, OTLPField.Event.attributes): .message(.keyValue)
        case (.link, OTLPField.Link.traceState): .text
        case (.link, OTLPField.Link.attributes): .message(.keyValue)
        case (.status, OTLPField.Status.message): .text
        case (.keyValue, OTLPField.KeyValue.key): .text
        case (.keyValue, OTLPField.KeyValue.value): .message(.value)
        case (.value, OTLPField.AnyValue.string): .text
        case (.value, OTLPField.AnyValue.array): .message(.list)
        case (.value, OTLPField.AnyValue.map): .message(.map)
        case (.list, OTLPField.List.values): .message(.value)
        case (.map, OTLPField.List.values): .message(.keyValue)
        default: nil
        }
    }

    private static func spanContent(_ number: Int) -> Content? {
        switch number {
        case OTLPField.Span.name, OTLPField.Span.traceState: .text
        case OTLPField.Span.attributes: .message(.keyValue)
        case OTLPField.Span.events: .message(.event)
        case OTLPField.Span.links: .message(.link)
        case OTLPField.Span.status: .message(.status)
        default: nil
        }
    }

    /// Messages within messages. Deeper ones belong to spans that are refused anyway.
    private static let depthMax = 100
}

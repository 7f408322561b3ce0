/// How many values a serialized span holds.
///
/// Two bytes of a message can become an attribute that takes dozens in memory, so the bytes of a span
/// alone do not bound what decoding it takes.
enum SpanElements {
    /// A span may have this many attributes, values, events and links together, nested ones included.
    static let countMax = 1 << 22

    /// Whether the span at `range` has more than that.
    ///
    /// - Complexity: O(1) for spans of up to 8 MiB, O(*n*) in the number of bytes for larger ones.
    @inline(__always)
    static func isTooMany(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(SpanDefect) -> Bool {
        // An element takes a tag and a length at least.
        range.count > 2 * countMax ? try areTooMany(bytes, range) : false
    }

    @inline(never)
    private static func areTooMany(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(SpanDefect) -> Bool {
        var count = 0
        try add(bytes, range, Message.span, depth: 0, to: &count)
        return count > countMax
    }

    private enum Message {
        case span, holder, keyValue, value, list, map
    }

    private static func add(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ message: Message, depth: Int,
        to count: inout Int
    ) throws(SpanDefect) {
        // Deeper ones are refused anyway.
        guard depth <= 4 * SpanRecord.nestingMax else { return }
        var cursor = WireCursor(range)
        while let field = try cursor.next(bytes) {
            guard field.isDelimited, let inner = inner(message, field.number) else { continue }
            count += 1
            guard count <= countMax else { return }
            try add(bytes, try field.range, inner, depth: depth + 1, to: &count)
        }
    }

    /// The message in a field, if it is one that has or is an element.
    private static func inner(_ message: Message, _ number: Int) -> Message? {
        switch (message, number) {
        case (.span, OTLPField.Span.attributes): .keyValue
        case (.span, OTLPField.Span.events), (.span, OTLPField.Span.links): .holder
        case (.holder, OTLPField.Event.attributes), (.holder, OTLPField.Link.attributes): .keyValue
        case (.keyValue, OTLPField.KeyValue.value): .value
        case (.value, OTLPField.AnyValue.array): .list
        case (.value, OTLPField.AnyValue.map): .map
        case (.list, OTLPField.List.values): .value
        case (.map, OTLPField.List.values): .keyValue
        default: nil
        }
    }
}

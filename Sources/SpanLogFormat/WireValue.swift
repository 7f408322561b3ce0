/// Checks the messages inside of a span, in place.
enum WireValue {
    static func traceID(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(SpanDefect) -> TraceID {
        switch range.count {
        case 16:
            TraceID(
                high: WireNumber.bigEndian(bytes, range.lowerBound),
                low: WireNumber.bigEndian(bytes, range.lowerBound + 8))
        // Systems that know 64 bits only.
        case 8: TraceID(high: 0, low: WireNumber.bigEndian(bytes, range.lowerBound))
        default: throw .undecodable
        }
    }

    static func spanID(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(SpanDefect) -> UInt64 {
        guard range.count == 8 else { throw .undecodable }
        return WireNumber.bigEndian(bytes, range.lowerBound)
    }

    static func status(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(SpanDefect) -> UInt8 {
        typealias Field = OTLPField.Status
        var code: UInt64 = 0
        var cursor = WireCursor(range)
        while let field = try cursor.next(bytes) {
            switch field.number {
            case Field.message: _ = try field.range
            case Field.code: code = try field.number64
            default: break
            }
        }
        return code <= 2 ? UInt8(truncatingIfNeeded: code) : 0
    }

    /// Checks an event.
    ///
    /// - Returns: Where its name stands.
    static func checkEvent(
        _ bytes: Span<UInt8>, _ range: Range<Int>, depth: Int
    ) throws(SpanDefect) -> Range<Int> {
        typealias Field = OTLPField.Event
        var name = 0..<0
        var cursor = WireCursor(range)
        while let field = try cursor.next(bytes) {
            switch field.number {
            case Field.nanoseconds, Field.droppedAttributesCount: _ = try field.number64
            case Field.name: name = try field.range
            case Field.attributes: _ = try checkAttribute(bytes, try field.range, depth: depth)
            default: break
            }
        }
        return name
    }

    static func link(
        _ bytes: Span<UInt8>, _ range: Range<Int>, depth: Int = 0
    ) throws(SpanDefect) -> (traceID: TraceID, spanID: UInt64) {
        typealias Field = OTLPField.Link
        var (traceID, spanID) = (TraceID(high: 0, low: 0), UInt64(0))
        var cursor = WireCursor(range)
        while let field = try cursor.next(bytes) {
            switch field.number {
            case Field.traceID: traceID = try Self.traceID(bytes, try field.range)
            case Field.spanID: spanID = try Self.spanID(bytes, try field.range)
            case Field.traceState: _ = try field.range
            case Field.attributes: _ = try checkAttribute(bytes, try field.range, depth: depth)
            case Field.droppedAttributesCount, Field.flags: _ = try field.number64
            default: break
            }
        }
        return (traceID, spanID)
    }

    /// Checks a `KeyValue`.
    ///
    /// - Returns: Where the key and the `AnyValue` stand.
    @inline(__always)
    static func checkAttribute(
        _ bytes: Span<UInt8>, _ range: Range<Int>, depth: Int
    ) throws(SpanDefect) -> (key: Range<Int>, value: Range<Int>?) {
        if depth < SpanRecord.nestingMax, let (key, value) = usualKeyValue(bytes, range),
            isUsualValue(bytes.extracting(value))
        {
            return (key, value)
        }
        return try checkUnusualAttribute(bytes, range, depth: depth)
    }

    @inline(never)
    private static func checkUnusualAttribute(
        _ bytes: Span<UInt8>, _ range: Range<Int>, depth: Int
    ) throws(SpanDefect) -> (key: Range<Int>, value: Range<Int>?) {
        typealias Field = OTLPField.KeyValue
        var key = range.lowerBound..<range.lowerBound
        var value: Range<Int>?
        var cursor = WireCursor(range)
        while let field = try cursor.next(bytes) {
            switch field.number {
            case Field.key: key = try field.range
            case Field.value:
                let range = try field.range
                try checkValue(bytes, range, depth: depth)
                value = range
            default: break
            }
        }
        return (key, value)
    }

    /// Whether all of an `AnyValue` is one text, number or truth value, in as many bytes as most
    /// have: ``checkValue(_:_:depth:)`` accepts it.
    @inline(__always)
    private static func isUsualValue(_ value: Span<UInt8>) -> Bool {
        typealias Field = OTLPField.AnyValue
        guard value.count >= 2 else { return false }
        if value[0] == WireCursor.delimitedTag(Field.string) { return rest(value, 1) != nil }
        if value.count == 9 { return value[0] == UInt8(Field.double << 3 | 1) }
        guard value[0] == UInt8(Field.int << 3) || value[0] == UInt8(Field.bool << 3)
        else { return false }
        if value.count == 2 { return value[1] < 0x80 }
        return value.count == 3 && value[1] >= 0x80 && value[2] < 0x80
    }

    private static func checkValue(
        _ bytes: Span<UInt8>, _ range: Range<Int>, depth: Int
    ) throws(SpanDefect) {
        typealias Field = OTLPField.AnyValue
        guard depth < SpanRecord.nestingMax else { throw .undecodable }
        var cursor = WireCursor(range)
        while let field = try cursor.next(bytes) {
            switch field.number {
            case Field.string, Field.bytes: _ = try field.range
            case Field.bool, Field.int, Field.double: _ = try field.number64
            case Field.array: try checkList(bytes, try field.range, depth: depth, isMap: false)
            case Field.map: try checkList(bytes, try field.range, depth: depth, isMap: true)
            default: break
            }
        }
    }

    private static func checkList(
        _ bytes: Span<UInt8>, _ range: Range<Int>, depth: Int, isMap: Bool
    ) throws(SpanDefect) {
        var cursor = WireCursor(range)
        while let field = try cursor.next(bytes) {
            guard field.number == OTLPField.List.values else { continue }
            if isMap {
                _ = try checkAttribute(bytes, try field.range, depth: depth + 1)
            } else {
                try checkValue(bytes, try field.range, depth: depth + 1)
            }
        }
    }

    /// Where the text stands that an `AnyValue` holds, or `nil` if it holds something else.
    @inline(__always)
    static func text(_ bytes: Span<UInt8>, _ range: Range<Int>) throws(SpanDefect) -> Range<Int>? {
        // A text and nothing else.
        let value = bytes.extracting(range)
        if value.count >= 2, value[0] == WireCursor.delimitedTag(OTLPField.AnyValue.string),
            let start = rest(value, 1)
        {
            return range.lowerBound + start..<range.upperBound
        }
        return try unusualText(bytes, range)
    }

    @inline(never)
    private static func unusualText(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(SpanDefect) -> Range<Int>? {
        var text: Range<Int>?
        var cursor = WireCursor(range)
        while let field = try cursor.next(bytes) {
            switch field.number {
            case OTLPField.AnyValue.string: text = try field.range
            case 2...7: text = nil
            default: break
            }
        }
        return text
    }

    /// The number that an `AnyValue` holds, if it holds one.
    static func int(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt64? {
        let value = bytes.extracting(range)
        if value.count == 3, value[0] == UInt8(OTLPField.AnyValue.int << 3), value[1] >= 0x80,
            value[2] < 0x80
        {
            // A code or a port of two bytes.
            return UInt64(value[1] & 0x7F) | UInt64(value[2]) << 7
        }
        var number: UInt64?
        var cursor = WireCursor(range)
        while let field = try? cursor.next(bytes) {
            // Of several values the last one counts.
            guard (OTLPField.AnyValue.string...OTLPField.AnyValue.bytes).contains(field.number)
            else { continue }
            number = field.number == OTLPField.AnyValue.int ? try? field.number64 : nil
        }
        return number
    }

    /// Where the key and the `AnyValue` of a `KeyValue` stand; no bytes if there is none.
    ///
    /// - Precondition: The attribute has been checked.
    @inline(__always)
    static func keyValue(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) -> (key: Range<Int>, value: Range<Int>) {
        usualKeyValue(bytes, range) ?? (try? unusualKeyValue(bytes, range)) ?? (0..<0, 0..<0)
    }

    /// The same if the attribute is a short key and a value, in this order, and nothing else.
    ///
    /// Most are, and finding them as any message is found takes three times as long.
    @inline(__always)
    static func usualKeyValue(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) -> (key: Range<Int>, value: Range<Int>)? {
        typealias Field = OTLPField.KeyValue
        let bytes = bytes.extracting(range)
        guard bytes.count >= 4, bytes[0] == WireCursor.delimitedTag(Field.key), bytes[1] < 0x80
        else { return nil }
        let keyEnd = 2 + Int(bytes[1])
        guard keyEnd < bytes.count, bytes[keyEnd] == WireCursor.delimitedTag(Field.value),
            let value = rest(bytes, keyEnd + 1)
        else { return nil }
        let start = range.lowerBound
        return (start + 2..<start + keyEnd, start + value..<range.upperBound)
    }

    /// Where the bytes begin whose length of one or two bytes stands at `start`, if they are all that
    /// follows.
    @inline(__always)
    private static func rest(_ bytes: Span<UInt8>, _ start: Int) -> Int? {
        guard start < bytes.count else { return nil }
        let length = Int(bytes[start])
        if length < 0x80 { return length == bytes.count &- start &- 1 ? start &+ 1 : nil }
        let next = start &+ 1
        guard next < bytes.count, bytes[next] < 0x80,
            length & 0x7F | Int(bytes[next]) &<< 7 == bytes.count &- next &- 1
        else { return nil }
        return next &+ 1
    }

    @inline(never)
    private static func unusualKeyValue(
        _ bytes: Span<UInt8>, _ range: Range<Int>
    ) throws(SpanDefect) -> (key: Range<Int>, value: Range<Int>) {
        typealias Field = OTLPField.KeyValue
        var (key, value) = (0..<0, 0..<0)
        var cursor = WireCursor(range)
        while let field = try cursor.next(bytes) {
            switch field.number {
            case Field.key: key = try field.range
            case Field.value: value = try field.range
            default: break
            }
        }
        return (key, value)
    }
}

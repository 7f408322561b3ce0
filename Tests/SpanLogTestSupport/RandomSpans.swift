import SpanLogFormat

/// Spans as nobody would make them by hand: every type of attribute, nested and empty and huge,
/// text beyond ASCII, extreme numbers, and NaN.
///
/// A record that holds a NaN is unequal to itself: compare what ``SpanRecord/encoded()`` gives.
package struct RandomSpans: Sendable {
    private var generator: SeededGenerator

    package init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    /// A record that is valid in every respect: identifiers and times are as they should be.
    package mutating func next() -> SpanRecord {
        let start = 1 + number() % (1 << 62)
        var span = SpanRecord(
            traceID: traceID(), spanID: spanID(),
            parentSpanID: generator.below(3) == 0 ? nil : spanID(), name: text(),
            startNanoseconds: start,
            endNanoseconds: generator.below(8) == 0 ? 0 : start + number() % (1 << 62))
        span.traceState = generator.below(4) == 0 ? "a=1,b@c=\(generator.below(100))" : ""
        span.flags = UInt32(truncatingIfNeeded: number())
        span.kind = SpanRecord.Kind(rawValue: UInt8(generator.below(6))) ?? .unspecified
        span.attributes = attributes(countMax: 8)
        for _ in 0..<generator.below(3) { span.events.append(event()) }
        for _ in 0..<generator.below(3) { span.links.append(link()) }
        span.droppedAttributesCount = count()
        span.droppedEventsCount = count()
        span.droppedLinksCount = count()
        span.status.code = SpanRecord.Status.Code(rawValue: UInt8(generator.below(3))) ?? .unset
        span.status.message = generator.below(4) == 0 ? text() : ""
        return span
    }

    package mutating func next(_ count: Int) -> [SpanRecord] {
        (0..<count).map { _ in next() }
    }
}

extension RandomSpans {
    package mutating func attributes(countMax: Int, depth: Int = 0) -> [Attribute] {
        (0..<generator.below(countMax + 1)).map { _ in Attribute(text(), value(depth: depth)) }
    }

    private mutating func value(depth: Int) -> AttributeValue {
        switch generator.below(depth < 4 ? 10 : 7) {
        case 0: .empty
        case 1: .string(text())
        case 2: .bool(generator.below(2) == 0)
        case 3: .int(Int64(bitPattern: number()))
        case 4: .double(generator.element(of: Self.doubles))
        case 5: .double(Double(bitPattern: number()))
        case 6: .bytes(generator.bytes(count: generator.below(40)))
        case 7: .array((0..<generator.below(4)).map { _ in value(depth: depth + 1) })
        case 8: .array([])
        default: .map(attributes(countMax: 3, depth: depth + 1))
        }
    }

    private mutating func event() -> SpanRecord.Event {
        SpanRecord.Event(
            name: text(), nanoseconds: number(), attributes: attributes(countMax: 3),
            droppedAttributesCount: count())
    }

    private mutating func link() -> SpanRecord.Link {
        SpanRecord.Link(
            traceID: traceID(), spanID: spanID(), traceState: generator.below(2) == 0 ? "" : "x=y",
            attributes: attributes(countMax: 2), droppedAttributesCount: count(),
            flags: UInt32(truncatingIfNeeded: number()))
    }

    private mutating func text() -> String {
        if generator.below(200) == 0 {
            return String(repeating: generator.element(of: Self.texts), count: 5000)
        }
        return generator.element(of: Self.texts) + generator.element(of: Self.texts)
    }

    private mutating func number() -> UInt64 {
        switch generator.below(4) {
        case 0: generator.element(of: Self.numbers)
        case 1: UInt64(generator.below(1000))
        default: generator.next()
        }
    }

    private mutating func count() -> UInt32 {
        generator.below(3) > 0 ? 0 : UInt32(truncatingIfNeeded: number())
    }

    private mutating func traceID() -> TraceID { TraceID(high: number(), low: 1 | number()) }
    private mutating func spanID() -> SpanID { SpanID(1 | number()) }

    private static let texts = [
        "", "a", "http.request.method", "GET /übersicht", "e\u{301}", "\u{e9}", "🙂🏳️‍🌈", "\0",
        "\u{feff}", "日本語", "\"\\\r\n\t", String(repeating: "x", count: 200), "\u{10ffff}",
    ]
    private static let numbers: [UInt64] = [
        0, 1, 127, 128, 16_383, 16_384, 1 << 31, 1 << 32, 1 << 62, 1 << 63, .max - 1, .max,
    ]
    private static let doubles: [Double] = [
        0, -0.0, .nan, -.nan, .signalingNaN, Double(nan: 5, signaling: false), .infinity,
        -.infinity, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1,
    ]
}

import SpanLog
import SpanLogFormat
import SpanLogTestSupport
import Testing

@Suite struct TraceParentTests {
    private static let trace = "8f3c1d0a5be742969d10ac44e7b2905c"
    private static let span = "61c7a2f09b34d85e"

    @Test(arguments: [
        (digits: "00", flags: TraceFlags([])), ("01", .sampled), ("02", .random), ("03", .known),
    ])
    func `version 00 gives the trace, the parent and both flags`(
        digits: String, flags: TraceFlags
    ) throws {
        let header = "00-\(Self.trace)-\(Self.span)-\(digits)"
        let parent = try #require(TraceParent(parsing: header))
        #expect(parent.traceID.description == Self.trace)
        #expect(parent.spanID.description == Self.span)
        #expect(parent.flags == flags)
        #expect(parent.headerValue == header)
    }

    @Test(arguments: [
        ("04", "00"), ("05", "01"), ("09", "01"), ("0a", "02"), ("80", "00"), ("fc", "00"),
        ("fd", "01"), ("fe", "02"), ("ff", "03"),
    ])
    func `unknown flags are accepted, and sent as zero`(received: String, sent: String) throws {
        let parent = try #require(
            TraceParent(parsing: "00-\(Self.trace)-\(Self.span)-\(received)"))
        #expect(parent.headerValue == "00-\(Self.trace)-\(Self.span)-\(sent)")
    }

    @Test(arguments: [
        "01-\(trace)-\(span)-01",
        "fe-\(trace)-\(span)-01",
        "0a-\(trace)-\(span)-f9",
        "cc-\(trace)-\(span)-01-",
        "cc-\(trace)-\(span)-01-more",
        "cc-\(trace)-\(span)-01-more-and-MORE,=. é",
        "cc-\(trace)-\(span)-01-\(String(repeating: "x", count: 100_000))",
    ])
    func `a higher version continues the trace as version 00`(header: String) {
        let parent = TraceParent(parsing: header)
        #expect(parent?.headerValue == "00-\(Self.trace)-\(Self.span)-01")
    }

    @Test(arguments: [" ", "\t", "  ", "\t \t", " \t\t \t "])
    func `blanks around the value are stripped`(blanks: String) {
        let header = "00-\(Self.trace)-\(Self.span)-01"
        #expect(TraceParent(parsing: blanks + header)?.headerValue == header)
        #expect(TraceParent(parsing: header + blanks)?.headerValue == header)
        #expect(TraceParent(parsing: blanks + header + blanks)?.headerValue == header)
        #expect(TraceParent(parsing: blanks) == nil)
    }

    @Test(arguments: [
        // Version.
        "ff-\(trace)-\(span)-01", "FF-\(trace)-\(span)-01", "0A-\(trace)-\(span)-01",
        ".0-\(trace)-\(span)-01", "0.-\(trace)-\(span)-01", "0g-\(trace)-\(span)-01",
        "0-\(trace)-\(span)-01", "000-\(trace)-\(span)-01", "0000-\(trace)-\(span)-01",
        "-\(trace)-\(span)-01", "\(trace)-\(span)-01", " 0-\(trace)-\(span)-01",
        "+0-\(trace)-\(span)-01", "0x-\(trace)-\(span)-01",
        // Version 00 has nothing after the flags, and others only after a dash.
        "00-\(trace)-\(span)-01-", "00-\(trace)-\(span)-01.", "00-\(trace)-\(span)-01-more",
        "00-\(trace)-\(span)-01 01", "cc-\(trace)-\(span)-01.more", "cc-\(trace)-\(span)-010",
        "cc-\(trace)-\(span)-01,", "cc-\(trace)-\(span)-01 -more",
        // Trace id.
        "00-00000000000000000000000000000000-\(span)-01",
        "cc-00000000000000000000000000000000-\(span)-01",
        "00-8F3C1D0A5BE742969D10AC44E7B2905C-\(span)-01",
        "00-.f3c1d0a5be742969d10ac44e7b2905c-\(span)-01",
        "00-8f3c1d0a5be742969d10ac44e7b2905.-\(span)-01",
        "00-8f3c1d0a5be742969d10ac44e7b2905g-\(span)-01",
        "00-8f3c1d0a5be742969d10ac44e7b290-\(span)-01", "00-\(trace)5-\(span)-01",
        "00--\(span)-01",
        // Parent id.
        "00-\(trace)-0000000000000000-01", "cc-\(trace)-0000000000000000-01",
        "00-\(trace)-61C7A2F09B34D85E-01", "00-\(trace)-.1c7a2f09b34d85e-01",
        "00-\(trace)-61c7a2f09b34d85.-01", "00-\(trace)-61c7a2f09b34d85-01",
        "00-\(trace)-\(span)e-01", "00-\(trace)--01",
        // Flags.
        "00-\(trace)-\(span)-.1", "00-\(trace)-\(span)-0.", "00-\(trace)-\(span)-0G",
        "00-\(trace)-\(span)-0A", "00-\(trace)-\(span)-1", "00-\(trace)-\(span)-001",
        "00-\(trace)-\(span)-", "00-\(trace)-\(span)", "cc-\(trace)-\(span)-1",
        // Dashes.
        "00_\(trace)-\(span)-01", "00-\(trace)_\(span)-01", "00-\(trace)-\(span)_01",
        "00\(trace)\(span)01", "00–\(trace)–\(span)–01",
        // Something else altogether.
        "", "-", "---", "\(String(repeating: "0", count: 55))",
        "\(String(repeating: "-", count: 55))", "\(String(repeating: "é", count: 55))",
        "00-\(trace)-\(span)-01\n", "\n00-\(trace)-\(span)-01", "00-\(trace)-\(span)-01\0",
        "\u{a0}00-\(trace)-\(span)-01", "００-\(trace)-\(span)-01",
        "00-\(trace)-\(span)-01,00-\(trace)-\(span)-01",
        "cc-\(trace)-\(span)-01,cc-\(trace)-\(span)-01",
    ])
    func `an invalid value is ignored`(header: String) {
        #expect(TraceParent(parsing: header) == nil)
    }

    @Test func `a value that is too short is ignored, whatever is missing`() {
        for version in ["00", "cc"] {
            let header = "\(version)-\(Self.trace)-\(Self.span)-01"
            for length in 0..<header.count {
                #expect(TraceParent(parsing: String(header.prefix(length))) == nil)
                #expect(TraceParent(parsing: String(header.suffix(length))) == nil)
            }
        }
    }

    @Test func `flags that the specification does not define are never kept`() {
        let id = TraceID(high: 1, low: 2)
        let parent = TraceParent(traceID: id, spanID: SpanID(3), flags: TraceFlags(rawValue: 0xff))
        #expect(parent.flags == .known)
        #expect(
            parent.headerValue == "00-00000000000000010000000000000002-0000000000000003-03")
    }

    @Test func `what is sent is what is received`() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<10_000 {
            let parent = TraceParent(
                traceID: TraceID(high: generator.next(), low: generator.next()),
                spanID: SpanID(generator.next()), flags: TraceFlags(rawValue: generator.byte()))
            let header = parent.headerValue
            #expect(header.utf8.count == 55)
            #expect(TraceParent(parsing: header) == parent)
        }
    }
}

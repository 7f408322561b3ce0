import SpanLogFormat
import SpanLogTestSupport
import Testing

@Suite struct IdentifierTests {
    static let traceText = "8f3c1d0a5be742969d10ac44e7b2905c"
    static let spanText = "61c7a2f09b34d85e"

    @Test func `a trace id is read from 32 lower-case digits and described by them`() throws {
        let id = try #require(TraceID(hexadecimal: Self.traceText))
        #expect(id == TraceID(high: 0x8f3c_1d0a_5be7_4296, low: 0x9d10_ac44_e7b2_905c))
        #expect(id.description == Self.traceText)
        #expect(TraceID(high: 0, low: 1).description == String(repeating: "0", count: 31) + "1")
    }

    @Test func `a span id is read from 16 lower-case digits and described by them`() throws {
        let id = try #require(SpanID(hexadecimal: Self.spanText))
        #expect(id == SpanID(0x61c7_a2f0_9b34_d85e))
        #expect(id.description == Self.spanText)
        #expect(SpanID(1).description == "0000000000000001")
    }

    @Test(arguments: [
        "", "8f3c1d0a5be742969d10ac44e7b2905", "8f3c1d0a5be742969d10ac44e7b2905c0",
        "8F3C1D0A5BE742969D10AC44E7B2905C", "8f3c1d0a5be742969d10ac44e7b2905g",
        " f3c1d0a5be742969d10ac44e7b2905c", "+f3c1d0a5be742969d10ac44e7b2905c",
        "00000000000000000000000000000000", "8f3c1d0a5be742969d10ac44e7b290５",
        "8f3c1d0a-5be7-4296-9d10-ac44e7b2",
    ])
    func `a trace id of another shape is refused`(text: String) {
        #expect(TraceID(hexadecimal: text) == nil)
    }

    @Test(arguments: [
        "", "61c7a2f09b34d85", "61c7a2f09b34d85e0", "61C7A2F09B34D85E", "61c7a2f09b34d85:",
        "61c7a2f09b34d85`", "61c7a2f09b34d85/", "0000000000000000", "0x1c7a2f09b34d85",
    ])
    func `a span id of another shape is refused`(text: String) {
        #expect(SpanID(hexadecimal: text) == nil)
    }

    @Test func `identifiers keep the order of their bytes`() throws {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<1000 {
            let (left, right) = (generator.bytes(count: 16), generator.bytes(count: 16))
            let (a, b) = (try #require(TraceID(bytes: left)), try #require(TraceID(bytes: right)))
            #expect((a < b) == left.lexicographicallyPrecedes(right))
            #expect(a.bytes == left)
            #expect(TraceID(hexadecimal: a.description) == a)
            let (c, d) = (SpanID(a.low), SpanID(b.low))
            #expect((c < d) == c.bytes.lexicographicallyPrecedes(d.bytes))
            #expect(SpanID(bytes: c.bytes) == c)
        }
        #expect(TraceID(high: 1, low: 2) < TraceID(high: 1, low: 3))
        #expect(TraceID(high: 1, low: 3) < TraceID(high: 2, low: 0))
    }

    @Test func `stored identifiers need the right number of bytes, and zero is no valid one`() {
        for count in 0..<40 {
            let bytes = [UInt8](repeating: 0, count: count)
            #expect((TraceID(bytes: bytes) != nil) == (count == 16))
            #expect((SpanID(bytes: bytes) != nil) == (count == 8))
            #expect((RecorderID(bytes: bytes) != nil) == (count == 16))
        }
        #expect(TraceID(bytes: [UInt8](repeating: 0, count: 16))?.isValid == false)
        #expect(SpanID(bytes: [UInt8](repeating: 0, count: 8))?.isValid == false)
        #expect(TraceID(high: 1 << 63, low: 0).isValid)
    }

    @Test func `a recorder id is named by its 32 digits`() throws {
        let id = try #require(RecorderID(hexadecimal: Self.traceText))
        #expect(id.description == Self.traceText)
        #expect(id.bytes.first == 0x8f)
        #expect(RecorderID(hexadecimal: Self.traceText.uppercased()) == nil)
        #expect(RecorderID(hexadecimal: Self.spanText) == nil)
        #expect(RecorderID.testing(1) < RecorderID.testing(2))
    }

    @Test func `trace flags keep bits that nobody defined`() {
        let flags = TraceFlags(rawValue: 0xF3)
        #expect(flags.contains(.sampled) && flags.contains(.random))
        #expect(flags.rawValue == 0xF3)
        #expect(flags.intersection(.known).rawValue == 3)
    }
}

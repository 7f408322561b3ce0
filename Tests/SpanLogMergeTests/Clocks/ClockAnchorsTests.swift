import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge

/// What is kept of a boot's anchors is a function of their set, and bounded.
@Suite struct ClockAnchorsTests {
    private static func anchor(_ seconds: Int, ahead: Int64 = 0) -> ClockAnchor {
        let boottime = UInt64(seconds) * 1_000_000_000
        return ClockAnchor(
            bootID: Array(repeating: 1, count: 16),
            realtimeNanoseconds: UInt64(
                Int64(1_700_000_000_000_000_000 + boottime) + ahead),
            boottimeNanoseconds: boottime, uncertaintyNanoseconds: 100)
    }

    /// An anchor each second for a day, and a step back in the middle of it.
    private static let day = (0..<86_400).map { second in
        anchor(second, ahead: second < 50_000 ? 0 : -3_000_000_000)
    }

    private static func collected(_ anchors: some Sequence<ClockAnchor>) -> ClockAnchors {
        var collected = ClockAnchors()
        for anchor in anchors { collected.add(anchor) }
        return collected
    }

    @Test(arguments: [UInt64(1), 2])
    func `any order and grouping keeps the same of a long time`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let expected = Self.collected(Self.day)
        #expect(expected.doublings > 0)
        #expect(expected.readings.count <= 2 * ClockAnchors.cellMax)
        var merged = ClockAnchors()
        for share in Self.day.shuffled(using: &generator).shares(of: 30_000) {
            merged.merge(Self.collected(share))
        }
        #expect((merged == expected) == true)
        // And as an archive keeps it.
        let domain = try #require(ClockDomain(bootID: Array(repeating: 1, count: 16)))
        var writer = ProtobufWriter()
        ArchivedAnchors.encode(expected, of: domain, into: &writer)
        let (name, decoded) = try ArchivedAnchors.decode(writer.bytes, 0..<writer.bytes.count)
        #expect(name == domain)
        #expect((decoded == expected) == true)
    }

    @Test func `the anchors around a step are kept, however long the time`() {
        let line = ClockLine(Self.collected(Self.day))
        #expect(line.pieces.map(\.first) == [0, 50_000 * 1_000_000_000])
        #expect(line.pieces.map(\.last) == [49_999 * 1_000_000_000, 86_399 * 1_000_000_000])
        #expect(line.pieces.map(\.shift) == [0, 3_000_000_000])
    }

    @Test func `a clock that is set all the time does not fill the memory`() {
        var generator = SeededGenerator(seed: 3)
        let anchors = Self.collected(
            (0..<20_000).map { second in
                Self.anchor(second, ahead: Int64(generator.below(1 << 40)))
            })
        #expect(anchors.readings.count <= 2 * ClockAnchors.cellMax)
        #expect(ClockLine(anchors).pieces.isEmpty)
    }

    @Test func `what a spool leaves is no anchor`() {
        var block = CraftedBlock()
        block.boot = 7
        var sources = ClockSources()
        var header = try! BlockHeader(decoding: block.bytes[...])
        header.anchor.uncertaintyNanoseconds = 0
        sources.add(header, holdsOpenSpans: false)
        #expect(sources.anchors.values.map(\.readings.count) == [0])
        header.anchor.uncertaintyNanoseconds = 1
        sources.add(header, holdsOpenSpans: false)
        #expect(sources.anchors.values.map(\.readings.count) == [1])
    }
}

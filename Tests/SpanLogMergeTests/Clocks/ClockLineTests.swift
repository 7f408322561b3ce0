import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge

/// Undoing the steps of a boot's wall clock: step 0 of the alignment.
@Suite struct ClockLineTests {
    private static let second: UInt64 = 1_000_000_000
    private static let epoch: UInt64 = 1_700_000_000_000_000_000

    /// Anchors every 200 ms from second `first` to second `last` since boot, the wall clock being
    /// `ahead` nanoseconds ahead of where it began.
    private static func anchors(
        _ first: UInt64, _ last: UInt64, ahead: Int64, uncertainty: UInt64 = 100
    ) -> [ClockAnchor] {
        stride(from: first * second, to: last * second, by: 200_000_000).map { boottime in
            ClockAnchor(
                bootID: Array(repeating: 1, count: 16),
                realtimeNanoseconds: UInt64(Int64(epoch + boottime) + ahead),
                boottimeNanoseconds: boottime, uncertaintyNanoseconds: uncertainty)
        }
    }

    private static func line(_ anchors: [ClockAnchor]) -> ClockLine {
        var collected = ClockAnchors()
        for anchor in anchors { collected.add(anchor) }
        return ClockLine(collected)
    }

    /// A wall time while the clock was `ahead`.
    private static func wall(_ seconds: Double, ahead: Int64 = 0) -> UInt64 {
        UInt64(Int64(epoch) + Int64(seconds * 1e9) + ahead)
    }

    @Test func `a clock that nobody set has no steps`() {
        let line = Self.line(Self.anchors(0, 100, ahead: 0))
        #expect(line.stepCount == 0)
        #expect(line.shift(start: Self.wall(50)) == ClockLine.Shift())
        #expect(Self.line([]).shift(start: 7) == ClockLine.Shift())
    }

    @Test(arguments: [Int64(100_000_000), -100_000_000, 3_000_000_000, -3_000_000_000])
    func `times before and after a step lie on the line of the longer time`(step: Int64) {
        let line = Self.line(Self.anchors(0, 60, ahead: 0) + Self.anchors(60, 100, ahead: step))
        #expect(line.stepCount == 1)
        let before = line.shift(
            start: Self.wall(10), end: Self.wall(11), sealed: 11_100_000_000)
        #expect(before == ClockLine.Shift(nanoseconds: 0, ambiguityNanoseconds: 0))
        let after = line.shift(
            start: Self.wall(90, ahead: step), end: Self.wall(91, ahead: step),
            sealed: 91_100_000_000)
        #expect(after == ClockLine.Shift(nanoseconds: -step, ambiguityNanoseconds: 0))
    }

    @Test func `a wall clock set from 1970 to now moves the spans before`() {
        let step: Int64 = 1_000_000_000_000_000_000
        let line = Self.line(Self.anchors(0, 20, ahead: 0) + Self.anchors(20, 100, ahead: step))
        let shift = line.shift(start: Self.wall(5), end: Self.wall(6), sealed: 6_100_000_000)
        #expect(shift.nanoseconds == step)
        #expect(line.shift(start: Self.wall(50, ahead: step)).nanoseconds == 0)
    }

    @Test func `after a step back by an hour the sealing of its block tells where a span belongs`()
    {
        let hour = 3600 * Int64(Self.second)
        let line = Self.line(
            Self.anchors(0, 4_000, ahead: 0) + Self.anchors(4_000, 7_000, ahead: -hour))
        // The same wall time, an hour apart.
        let wall = Self.wall(3_000)
        let first = line.shift(
            start: wall, end: wall + 1_000, sealed: 3_000 * Self.second + 200_000_000)
        #expect(first == ClockLine.Shift(nanoseconds: 0, ambiguityNanoseconds: 0))
        let second = line.shift(
            start: wall, end: wall + 1_000, sealed: 6_600 * Self.second + 200_000_000)
        #expect(second == ClockLine.Shift(nanoseconds: hour, ambiguityNanoseconds: 0))
        // Right after the step, before the next anchor.
        let soon = Self.wall(3_999.9, ahead: -hour)
        let third = line.shift(start: soon, end: soon + 1, sealed: 4_000 * Self.second)
        #expect(third == ClockLine.Shift(nanoseconds: hour, ambiguityNanoseconds: 0))
        // With nothing to go by, it says so.
        let unknown = line.shift(start: wall)
        #expect(unknown.ambiguityNanoseconds == UInt64(hour))
    }

    @Test func `a span keeps the line on which it started`() {
        let step: Int64 = 50_000_000
        let line = Self.line(Self.anchors(0, 60, ahead: 0) + Self.anchors(60, 100, ahead: step))
        // It ends 20 s after the step, and its end is its start and what passed.
        let shift = line.shift(start: Self.wall(50), end: Self.wall(80), sealed: 80_100_000_000)
        #expect(shift == ClockLine.Shift(nanoseconds: 0, ambiguityNanoseconds: 0))
    }

    @Test func `a span that begins between the anchors around a step is ambiguous`() {
        let step: Int64 = 30_000_000
        let line = Self.line(Self.anchors(0, 60, ahead: 0) + Self.anchors(60, 100, ahead: step))
        let shift = line.shift(
            start: Self.wall(59.9), end: Self.wall(59.91), sealed: 60_000_000_000)
        #expect(shift.ambiguityNanoseconds == UInt64(step))
    }

    @Test func `less than a millisecond is no step, nor is what was read badly`() {
        let small = Self.anchors(0, 60, ahead: 0) + Self.anchors(60, 100, ahead: 900_000)
        #expect(Self.line(small).stepCount == 0)
        let bad = Self.anchors(60, 61, ahead: 80_000_000, uncertainty: 90_000_000)
        #expect(Self.line(Self.anchors(0, 100, ahead: 0) + bad).stepCount == 0)
    }

    @Test func `anchors in any order and grouping give the same line`() {
        var generator = SeededGenerator(seed: 5)
        let anchors =
            Self.anchors(0, 90, ahead: 0) + Self.anchors(90, 200, ahead: 40_000_000)
            + Self.anchors(200, 230, ahead: -7_000_000)
        let expected = Self.line(anchors)
        #expect(expected.stepCount == 2)
        for _ in 0..<10 {
            var parts = (0..<3).map { _ in ClockAnchors() }
            for anchor in anchors.shuffled(using: &generator) {
                parts[generator.below(3)].add(anchor)
            }
            var merged = ClockAnchors()
            for part in parts { merged.merge(part) }
            #expect(ClockLine(merged) == expected)
        }
    }

    @Test func `steps without end are counted but not undone`() {
        var wild = ClockAnchors()
        for number in 0..<UInt64(2_000) {
            wild.add(
                ClockAnchor(
                    bootID: [], realtimeNanoseconds: Self.epoch + number * number * 1_000_003,
                    boottimeNanoseconds: number * Self.second, uncertaintyNanoseconds: 0))
        }
        #expect(ClockLine(wild).stepCount > 1_000)
        #expect(ClockLine(wild).shift(start: Self.wall(30)) == ClockLine.Shift())
    }

    @Test func `extreme anchors and times do not trap`() {
        let extremes: [UInt64] = [0, 1, .max / 2, UInt64(Int64.max), .max - 1, .max]
        var anchors: [ClockAnchor] = []
        for realtime in extremes {
            for boottime in extremes {
                anchors.append(
                    ClockAnchor(
                        bootID: [], realtimeNanoseconds: realtime, boottimeNanoseconds: boottime,
                        uncertaintyNanoseconds: 0))
            }
        }
        let line = Self.line(anchors)
        for start in extremes {
            for sealed in extremes {
                let shift = line.shift(start: start, end: .max, sealed: sealed)
                #expect(shift.nanoseconds.magnitude <= 1 << 62)
            }
        }
    }

    @Test func `the block in front tells on which side of a step back a span lies`() {
        let line = Self.line(
            Self.anchors(0, 20, ahead: 0) + Self.anchors(20, 30, ahead: -1_500_000_000))
        // The new clock says 18.4 s where the old one has said so before.
        let start = Self.wall(19.9, ahead: -1_500_000_000)
        let sealed = 20 * Self.second
        let unsure = line.shift(start: start, end: start + 1_000, sealed: sealed)
        #expect(unsure.ambiguityNanoseconds == 1_500_000_000)
        let sure = line.shift(
            start: start, end: start + 1_000, sealed: sealed,
            sealedBefore: sealed - 200_000_000)
        #expect(sure == ClockLine.Shift(nanoseconds: 1_500_000_000))
    }
}

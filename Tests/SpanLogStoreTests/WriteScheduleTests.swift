import Testing

@testable import SpanLogStore

@Suite struct WriteScheduleTests {
    private static let second: UInt64 = 1_000_000_000

    private func schedule(
        _ durability: Durability = .everyBlock, flush: UInt64 = second / 5
    ) -> WriteSchedule {
        var options = StoreWriter.Options()
        options.flushIntervalNanoseconds = flush
        options.durability = durability
        options.spool.chunkByteCount = 1 << 20
        options.spool.chunkCount = 32
        return WriteSchedule(options, now: 1000)
    }

    @Test func `each block is due when the flush interval has passed, or at once if full`() {
        var schedule = schedule()
        #expect(schedule.nextWake == 1000 + Self.second / 5)
        #expect(!schedule.isTakingDue(at: schedule.nextWake - 1))
        #expect(schedule.isTakingDue(at: schedule.nextWake))
        #expect(schedule.isWritingDue(pendingByteCount: 1))
        #expect(!schedule.isWritingDue(pendingByteCount: 0))
        // A flush in between moves what is due, and not the next sign of life.
        schedule.took(at: 1000 + Self.second / 10)
        #expect(!schedule.isTakingDue(at: 1000 + Self.second / 5))
        #expect(schedule.nextWake == 1000 + Self.second / 5)
        schedule.tick(at: schedule.nextWake)
        #expect(schedule.nextWake == 1000 + 3 * Self.second / 10)
        #expect(schedule.isTakingDue(at: schedule.nextWake))
    }

    @Test func `an interval gathers until it has passed or a quarter of the spool is full`() {
        let schedule = schedule(.interval(nanoseconds: 10 * Self.second))
        #expect(schedule.nextWake == 1000 + Self.second / 5)
        #expect(!schedule.isTakingDue(at: 10 * Self.second))
        #expect(schedule.isTakingDue(at: 1000 + 10 * Self.second))
        #expect(!schedule.isWritingDue(pendingByteCount: 8 << 20))
        #expect(schedule.isWritingDue(pendingByteCount: (8 << 20) + 1))
    }

    @Test func `the system's time never comes`() {
        let schedule = schedule(.system)
        #expect(!schedule.isTakingDue(at: .max))
        #expect(schedule.nextWake == 1000 + Self.second / 5)
        #expect(schedule.isWritingDue(pendingByteCount: (8 << 20) + 1))
    }

    @Test func `a disk that fails is tried again after a wait that doubles up to ten seconds`() {
        var schedule = schedule()
        var now: UInt64 = 1000
        var waits: [UInt64] = []
        for _ in 0..<9 {
            schedule.failed(at: now)
            var next = now
            // The thread goes on giving signs of life, but does not wake for nothing.
            while !schedule.isAttemptDue(at: next) {
                #expect(schedule.nextWake > next)
                next = schedule.nextWake
                schedule.tick(at: next)
            }
            waits.append((next - now) / (Self.second / 5))
            now = next
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 50, 50, 50])
        schedule.succeeded()
        schedule.failed(at: now)
        #expect(schedule.isAttemptDue(at: now + Self.second / 5))
    }

    @Test(arguments: [0, 1, UInt64.max])
    func `no interval is too short or too long`(nanoseconds: UInt64) {
        for durability in [Durability.everyBlock, .interval(nanoseconds: nanoseconds), .system] {
            var schedule = schedule(durability, flush: nanoseconds)
            #expect(schedule.nextWake > 1000)
            schedule.failed(at: 1000)
            schedule.failed(at: 2000)
            #expect(schedule.nextWake > 1000)
        }
    }
}

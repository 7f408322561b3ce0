import CSpanLogAllocations
import Foundation

/// What some work cost the thread that did it.
struct Measurement {
    /// Nanoseconds of the thread's CPU time.
    var cpuNanoseconds: UInt64 = 0
    /// Nanoseconds that passed.
    var wallNanoseconds: UInt64 = 0
    /// How often the thread asked the heap for memory, and for how much.
    var allocationCount: UInt64 = 0
    var allocatedByteCount: UInt64 = 0

    /// Measures `work` on the calling thread.
    static func of(_ work: () -> Void) -> Measurement {
        let allocations = spanlog_allocations()
        let (wall, cpu) = (nanoseconds(CLOCK_MONOTONIC), nanoseconds(CLOCK_THREAD_CPUTIME_ID))
        work()
        var result = Measurement()
        result.cpuNanoseconds = nanoseconds(CLOCK_THREAD_CPUTIME_ID) - cpu
        result.wallNanoseconds = nanoseconds(CLOCK_MONOTONIC) - wall
        let after = spanlog_allocations()
        result.allocationCount = after.count - allocations.count
        result.allocatedByteCount = after.bytes - allocations.bytes
        return result
    }

    static func nanoseconds(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

extension Measurement {
    /// Lets ``peakMemoryBytes`` begin anew (`proc(5)`, `clear_refs`), without what others have left.
    static func resetPeakMemory() {
        malloc_trim(0)
        let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs")
        try? file?.write(contentsOf: Data("5".utf8))
        try? file?.close()
    }

    /// The most memory that was this process's own so far, mapped files included.
    static var peakMemoryBytes: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") } ?? ""
        return (Int(line.filter(\.isNumber)) ?? 0) * 1024
    }
}

extension Sequence<Double> {
    /// The value in the middle; of two, the greater.
    var median: Double {
        let sorted = sorted()
        return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    }
}

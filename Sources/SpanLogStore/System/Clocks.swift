import Glibc
package import SpanLogFormat

/// The clocks of this host.
package enum Clocks {
    /// Nanoseconds since 1970 by the wall clock, which may be stepped.
    package static func realtime() -> UInt64 { nanoseconds(CLOCK_REALTIME) }

    /// Nanoseconds since boot, suspension included, by a clock that is never stepped.
    package static func boottime() -> UInt64 { nanoseconds(CLOCK_BOOTTIME) }

    /// Both clocks read together, under the id of the current boot.
    package static func anchor(bootID: [UInt8]) -> ClockAnchor {
        let before = boottime()
        let wall = realtime()
        let after = boottime()
        return ClockAnchor(
            bootID: bootID, realtimeNanoseconds: wall,
            boottimeNanoseconds: before + (after - before) / 2,
            uncertaintyNanoseconds: after - before)
    }

    /// The 16 bytes of the kernel's boot id, or zeros where the kernel does not tell it.
    package static func bootID() -> [UInt8] {
        let unknown = [UInt8](repeating: 0, count: 16)
        guard let file = try? ReadOnlyFile("/proc/sys/kernel/random/boot_id"),
            let text = try? file.bytes(at: 0, count: 64)
        else { return unknown }
        let digits = String(decoding: text, as: UTF8.self).filter(\.isHexDigit)
        guard let bytes = Hexadecimal.bytes(digits), bytes.count == 16 else { return unknown }
        return bytes
    }

    @inline(__always)
    private static func nanoseconds(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}

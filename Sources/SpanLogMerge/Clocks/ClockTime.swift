/// Times and differences of times that cannot overflow.
///
/// Times come from files that may be forged, so each is brought below 2^62 nanoseconds either way (the
/// years 1823 to 2116) before anything is computed with it. Differences of two such then fit 64 bits.
enum ClockTime {
    static let limit: Int64 = (1 << 62) - 1

    static func clamped(_ nanoseconds: UInt64) -> Int64 {
        Int64(min(nanoseconds, UInt64(limit)))
    }

    static func clamped(_ value: Int128) -> Int64 {
        Int64(max(-Int128(limit), min(Int128(limit), value)))
    }

    /// Nanoseconds, rounded; numbers that are none become 0.
    static func clamped(_ value: Double) -> Int64 {
        guard !value.isNaN else { return 0 }
        return Int64(max(-Double(limit), min(Double(limit), value.rounded())))
    }

    /// The number, rounded. The standard library's own conversion takes 200 times as long.
    static func double(_ value: Int128) -> Double {
        Int64(exactly: value).map { Double($0) } ?? Double(value)
    }

    /// A time moved by `offset`, never before 0.
    static func moved(_ nanoseconds: UInt64, by offset: Int64) -> UInt64 {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(offset.magnitude)
        if offset >= 0 { return overflow ? .max : sum }
        return nanoseconds > offset.magnitude ? nanoseconds - offset.magnitude : 0
    }
}

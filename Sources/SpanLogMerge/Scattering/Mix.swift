/// The order of traces in an archive, and of spans in a trace: by a scrambled identifier.
///
/// Identifiers may be random or count upwards; scrambled, they spread evenly, so that equal ranges
/// hold about as many. The function can be undone, so different identifiers never meet.
enum Mix {
    /// SplitMix64's finalizer (Steele, Lea, Flood 2014).
    @inline(__always)
    static func mix(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

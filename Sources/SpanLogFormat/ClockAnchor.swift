/// The wall clock and the clock since boot, read together.
///
/// Anchors of one boot tell when the wall clock was stepped, since the other is never.
public struct ClockAnchor: Hashable, Sendable {
    /// Linux's random boot id: the same in all processes and containers of one boot.
    public var bootID: [UInt8]
    /// CLOCK_REALTIME: nanoseconds since 1970.
    public var realtimeNanoseconds: UInt64
    /// CLOCK_BOOTTIME: nanoseconds since boot, suspension included.
    public var boottimeNanoseconds: UInt64
    /// How far apart the two readings may be, in nanoseconds.
    public var uncertaintyNanoseconds: UInt64

    /// Creates an anchor. `bootID` has 16 bytes, all zero if the boot is unknown.
    public init(
        bootID: [UInt8], realtimeNanoseconds: UInt64, boottimeNanoseconds: UInt64,
        uncertaintyNanoseconds: UInt64
    ) {
        self.bootID = bootID
        self.realtimeNanoseconds = realtimeNanoseconds
        self.boottimeNanoseconds = boottimeNanoseconds
        self.uncertaintyNanoseconds = uncertaintyNanoseconds
    }
}

internal import SpanLogStore
internal import Synchronization

/// The host's wall clock, told from its clock since boot with one reading instead of two.
///
/// On Linux the two differ by a number that changes only when somebody sets the wall clock: both
/// are slewed alike. The number is kept, and read anew when a caller's wall clock says otherwise and
/// every time the recorder's thread wakes.
struct HostClock: ~Copyable, Sendable {
    private let offset = Atomic<UInt64>(0)

    /// Both clocks at one moment, in nanoseconds.
    struct Reading {
        let boottime: UInt64
        /// The wall clock minus the other, modulo 2^64.
        let offset: UInt64
    }

    init() {
        synchronize()
    }

    func read() -> Reading {
        Reading(boottime: Clocks.boottime(), offset: offset.load(ordering: .relaxed))
    }

    /// What the clocks say now, or `nil` if `wallTime` is not now: somebody kept it from earlier, or
    /// made it up.
    func read(whenWallClockSays wallTime: UInt64) -> Reading? {
        let reading = read()
        if isNear(wallTime, reading) { return reading }
        // Either the wall clock has been set since, or this is another moment.
        synchronize()
        let fresh = read()
        return isNear(wallTime, fresh) ? fresh : nil
    }

    /// Reads how far the clocks are apart.
    ///
    /// Only a change that cannot come from reading one after the other is taken over, so that the
    /// same distance is the same number.
    func synchronize() {
        let anchor = Clocks.anchor(bootID: [])
        let new = anchor.realtimeNanoseconds &- anchor.boottimeNanoseconds
        let change = Int64(bitPattern: new &- offset.load(ordering: .relaxed))
        if change.magnitude > anchor.uncertaintyNanoseconds + Self.readingNanoseconds {
            offset.store(new, ordering: .relaxed)
        }
    }

    private func isNear(_ wallTime: UInt64, _ reading: Reading) -> Bool {
        let difference = Int64(bitPattern: reading.boottime &+ reading.offset &- wallTime)
        return difference.magnitude < Self.nearNanoseconds
    }

    /// How far apart two readings of the same distance may be.
    private static let readingNanoseconds: UInt64 = 10_000

    /// How long a caller may take from reading its clock to the reading here. A thread may lose its
    /// core between the two; the span then goes by its wall times alone.
    private static let nearNanoseconds: UInt64 = 1_000_000
}

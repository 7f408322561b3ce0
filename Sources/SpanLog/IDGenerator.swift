internal import SpanLogFormat
internal import Synchronization

/// Makes identifiers without asking the kernel for each: a call of `getrandom` costs 244 ns.
///
/// A counter is scrambled by SplitMix64's mixing function (Steele, Lea, Flood 2014) under two
/// random keys, so threads share one atomic addition, identifiers of one generator do not repeat,
/// and two processes meet only if 128 random bits do.
final class IDGenerator: Sendable {
    private let counter: Atomic<UInt64>
    private let traceKey: UInt64

    init() {
        var random = SystemRandomNumberGenerator()
        counter = Atomic(random.next())
        traceKey = random.next()
    }

    func spanID() -> SpanID {
        let value = mixed(next())
        return SpanID(value == 0 ? 1 : value)
    }

    func traceID() -> TraceID {
        let state = next()
        let low = mixed(state ^ traceKey)
        return TraceID(high: mixed(state &+ traceKey), low: low == 0 ? 1 : low)
    }

    private func next() -> UInt64 {
        // SplitMix64's increment, the golden ratio in 64 bits.
        counter.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
    }

    private func mixed(_ state: UInt64) -> UInt64 {
        var value = state
        value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
        return value ^ value >> 31
    }
}

extension RecorderID {
    static func random() -> RecorderID {
        var random = SystemRandomNumberGenerator()
        let bytes = random.next().bigEndianBytes + random.next().bigEndianBytes
        return RecorderID(bytes: bytes)!
    }
}

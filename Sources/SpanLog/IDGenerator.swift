internal import SpanLogFormat
internal import Synchronization

/// Makes identifiers without asking the kernel for each: a call of `getrandom` costs 244 ns.
///
/// A counter is scrambled by SplitMix64's mixing function (Steele, Lea, Flood 2014), which is a
/// bijection, under two random keys. So identifiers of the generators of one family do not repeat,
/// and two processes meet only if 128 random bits do.
final class IDGenerator: Sendable {
    private let counter: Atomic<UInt64>
    private let traceKey: UInt64

    /// Generators that share their keys, each for few threads, and never make the same identifier.
    static func family(of count: Int) -> [IDGenerator] {
        var random = SystemRandomNumberGenerator()
        let (start, traceKey): (UInt64, UInt64) = (random.next(), random.next())
        return (0..<count).map { number in
            // Each takes a stretch of the counter's values that lasts for centuries.
            let stretch = UInt64(number) << 56
            return IDGenerator(counter: start &+ stretch &* Self.increment, traceKey: traceKey)
        }
    }

    private init(counter: UInt64, traceKey: UInt64) {
        self.counter = Atomic(counter)
        self.traceKey = traceKey
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

    /// SplitMix64's increment, the golden ratio in 64 bits.
    private static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    private func next() -> UInt64 {
        counter.wrappingAdd(Self.increment, ordering: .relaxed).newValue
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

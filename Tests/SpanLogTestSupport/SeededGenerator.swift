/// Random numbers that are the same in each run (SplitMix64).
///
/// Built without optimisation, what the standard library makes of a generator is slow: tests that
/// need millions of numbers call these methods.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) {
        self.state = seed
    }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `limit` − 1. Small numbers are minutely more frequent.
    package mutating func below(_ limit: Int) -> Int {
        Int(truncatingIfNeeded: (next() >> 1) % UInt64(limit))
    }

    package mutating func element<Element>(of elements: [Element]) -> Element {
        elements[below(elements.count)]
    }

    package mutating func byte() -> UInt8 {
        UInt8(truncatingIfNeeded: next())
    }

    /// Exactly `count` bytes.
    package mutating func bytes(count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for _ in 0..<count { bytes.append(byte()) }
        return bytes
    }

    /// A text of up to `countMax` of the given bytes.
    package mutating func text(of bytes: [UInt8], countMax: Int) -> String {
        var text: [UInt8] = []
        for _ in 0..<below(countMax + 1) { text.append(element(of: bytes)) }
        return String(decoding: text, as: UTF8.self)
    }
}

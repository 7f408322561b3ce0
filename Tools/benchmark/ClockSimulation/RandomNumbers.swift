internal import Glibc

/// Random numbers that are the same in each run (SplitMix64), by the distributions of the simulation.
struct RandomNumbers {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// At least 0, less than 1.
    mutating func unit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    mutating func uniform(_ least: Double, _ greatest: Double) -> Double {
        least + (greatest - least) * unit()
    }

    mutating func below(_ limit: Int) -> Int {
        Int(unit() * Double(limit))
    }

    mutating func exponential(mean: Double) -> Double {
        -mean * log(1 - unit())
    }

    /// Pareto's second kind, from 0 on: the tail of a queue.
    mutating func pareto(shape: Double, scale: Double) -> Double {
        scale * (pow(1 - unit(), -1 / shape) - 1)
    }

    mutating func normal(deviation: Double) -> Double {
        deviation * (-2 * log(1 - unit())).squareRoot() * cos(2 * .pi * unit())
    }

    mutating func logNormal(median: Double, deviation: Double) -> Double {
        median * exp(normal(deviation: deviation))
    }
}

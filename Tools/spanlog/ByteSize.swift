import ArgumentParser

/// An amount of memory as people write it: `512M`, `2GiB`, or a number of bytes.
struct ByteSize: ExpressibleByArgument {
    let byteCount: Int

    init?(argument: String) {
        let digits = argument.prefix { $0.isNumber }
        let unit = argument.dropFirst(digits.count).lowercased()
        guard let number = Int(digits), let shift = Self.shifts[unit],
            number > 0, number <= Int.max >> shift
        else { return nil }
        byteCount = number << shift
    }

    private static let shifts: [String: Int] = [
        "": 0, "b": 0, "k": 10, "kb": 10, "kib": 10, "m": 20, "mb": 20, "mib": 20, "g": 30,
        "gb": 30, "gib": 30,
    ]
}

import FoundationEssentials

/// Numbers as people read them.
enum Text {
    static func count(_ number: some BinaryInteger, _ noun: String) -> String {
        "\(number) \(noun)\(number == 1 ? "" : "s")"
    }

    /// The name of a service, which files of others may lack.
    static func service(_ name: String) -> String { name.isEmpty ? "unnamed service" : name }

    static func bytes(_ count: UInt64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(count)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return unit == 0 ? "\(count) B" : "\(rounded(value)) \(units[unit])"
    }

    /// A duration with the unit that suits it.
    static func duration(_ nanoseconds: UInt64) -> String {
        switch nanoseconds {
        case ..<1_000: "\(nanoseconds) ns"
        case ..<1_000_000: "\(rounded(Double(nanoseconds) / 1e3)) µs"
        case ..<1_000_000_000: "\(rounded(Double(nanoseconds) / 1e6)) ms"
        default: "\(rounded(Double(nanoseconds) / 1e9)) s"
        }
    }

    /// A difference with its sign.
    static func offset(_ nanoseconds: Int64) -> String {
        let sign = nanoseconds < 0 ? "-" : nanoseconds > 0 ? "+" : ""
        return sign + duration(nanoseconds.magnitude)
    }

    /// A moment in UTC, to the millisecond.
    static func time(_ nanoseconds: UInt64) -> String {
        Date(timeIntervalSince1970: Double(nanoseconds) / 1e9).formatted(
            Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// Fills `text` with spaces up to `width` characters.
    static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func rounded(_ value: Double) -> String {
        let digits = value < 10 ? 100.0 : value < 100 ? 10.0 : 1.0
        let rounded = (value * digits).rounded() / digits
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}

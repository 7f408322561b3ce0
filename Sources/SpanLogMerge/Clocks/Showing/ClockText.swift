import FoundationEssentials

/// Times and differences of clocks as people read them.
enum ClockText {
    /// A difference with its sign and the unit that suits it.
    static func offset(_ nanoseconds: Int64) -> String {
        let sign = nanoseconds < 0 ? "-" : nanoseconds > 0 ? "+" : ""
        return sign + duration(nanoseconds.magnitude)
    }

    /// A duration in the unit that leaves no more than four digits before the point.
    static func duration(_ nanoseconds: UInt64) -> String {
        let value = Double(nanoseconds)
        switch nanoseconds {
        case ..<1_000: return "\(nanoseconds) ns"
        case ..<1_000_000: return fixed(value / 1e3, digits: 1) + " µs"
        case ..<10_000_000_000: return fixed(value / 1e6, digits: 3) + " ms"
        default: return fixed(value / 1e9, digits: 3) + " s"
        }
    }

    /// `unknown` where there is no bound: never 0.
    static func bound(_ nanoseconds: UInt64?) -> String {
        nanoseconds.map { "±" + duration($0) } ?? "unknown"
    }

    static func fixed(_ value: Double, digits: Int) -> String {
        guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = UInt64((abs(value) * scale).rounded())
        let sign = value < 0 && scaled > 0 ? "-" : ""
        guard digits > 0 else { return sign + "\(scaled)" }
        let text =
            String(repeating: "0", count: max(0, digits + 1 - "\(scaled)".count)) + "\(scaled)"
        return sign + text.dropLast(digits) + "." + text.suffix(digits)
    }

    /// A moment in UTC, to the second.
    static func time(_ nanoseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(nanoseconds) / 1e9).formatted(Date.ISO8601FormatStyle())
    }

    /// The name that the caller knows, or the start of the domain's own.
    static func label(_ domain: ClockDomain, _ names: [ClockDomain: String]) -> String {
        names[domain] ?? String(domain.name.prefix(24))
    }

    /// Cells in columns as wide as they need, two spaces apart.
    static func columns(_ rows: [[String]], leftAligned: Set<Int>) -> String {
        let columnCount = rows.map(\.count).max() ?? 0
        let widths = (0..<columnCount).map { column in
            rows.compactMap { column < $0.count ? $0[column].count : nil }.max() ?? 0
        }
        let lines = rows.map { row in
            row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.count)
                return leftAligned.contains(column) ? cell + space : space + cell
            }.joined(separator: "  ")
        }
        return lines.map { line in
            String(line.reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}

/// What `spanlog clock --plot` draws on a terminal: for each domain its offset over time, between the
/// bounds of it, in Braille dots.
///
/// The straight line from the first offset to the last is taken out, and named in the title: a drift
/// moves a clock by a thousand times its bound in an hour, and nothing else would be seen.
/// It is text and no picture, since who merges stores often has nothing but a terminal.
public enum ClockPlot {
    /// One drawing below the other. Domains whose clock is not moved are left out.
    ///
    /// - Parameters:
    ///   - names: What to call domains: their hosts' names.
    ///   - width: Columns of the terminal.
    public static func text(
        _ corrections: ClockCorrections, names: [ClockDomain: String] = [:], width: Int = 80
    ) -> String {
        let moved = corrections.domains.filter { $0.knots.count > 1 }
        return moved.map { drawing($0, names, width) }.joined(separator: "\n\n")
    }

    private static func drawing(
        _ correction: DomainCorrection, _ names: [ClockDomain: String], _ width: Int
    ) -> String {
        let columnCount = max(10, width - labelWidth - 1)
        let points = samples(correction, count: 2 * columnCount)
        let low = points.map(\.low).min() ?? 0
        let high = max(points.map(\.high).max() ?? 0, low + 1)
        var canvas = BrailleCanvas(columns: columnCount, rows: rowCount)
        for (x, point) in points.enumerated() {
            func place(_ offset: Double) -> Int {
                Int(((high - offset) / (high - low) * Double(4 * rowCount - 1)).rounded())
            }
            canvas.set(x, place(point.high))
            canvas.set(x, place(point.low))
            // Every other dot: three lines that run close together stay three.
            if x.isMultiple(of: 2) { canvas.set(x, place(point.low / 2 + point.high / 2)) }
        }
        let labels = [0: high, rowCount - 1: low]
        let lines = canvas.lines.enumerated().map { row, line in
            let label = labels[row].map { ClockText.offset(ClockTime.clamped($0)) } ?? ""
            return String(repeating: " ", count: max(0, labelWidth - label.count)) + label + " "
                + line
        }
        return ([title(correction, names)] + lines + [axis(correction, columnCount)])
            .joined(separator: "\n")
    }

    private static func title(
        _ correction: DomainCorrection, _ names: [ClockDomain: String]
    ) -> String {
        let summary = ClockSummary(correction)
        return "\(ClockText.label(correction.domain, names)): \(correction.method.rawValue), "
            + "\(ClockText.offset(summary.offsetAtStart)) to "
            + "\(ClockText.offset(summary.offsetAtEnd)) "
            + "(\(ClockText.fixed(summary.driftPPM, digits: 3)) ppm), "
            + "bound \(ClockText.bound(summary.boundMedian))"
    }

    private static func axis(_ correction: DomainCorrection, _ columnCount: Int) -> String {
        let first = ClockText.time(correction.knots.first?.time ?? 0)
        let last = ClockText.time(correction.knots.last?.time ?? 0)
        let space = max(1, columnCount - first.count - last.count)
        return String(repeating: " ", count: labelWidth + 1) + first
            + String(repeating: " ", count: space) + last
    }

    /// The offset less the straight line, with its bound, at moments evenly apart.
    private static func samples(
        _ correction: DomainCorrection, count: Int
    ) -> [(low: Double, high: Double)] {
        guard let first = correction.knots.first, let last = correction.knots.last else {
            return []
        }
        let passed = Int128(last.time) - Int128(first.time)
        let change = ClockTime.double(
            Int128(last.offsetNanoseconds) - Int128(first.offsetNanoseconds))
        return (0..<count).map { index in
            let time = Int128(first.time) + passed * Int128(index) / Int128(max(1, count - 1))
            let moment = UInt64(max(0, ClockTime.clamped(time)))
            let moved = ClockTime.double(
                Int128(correction.offset(at: moment)) - Int128(first.offsetNanoseconds))
            let rest = moved - change * Double(index) / Double(max(1, count - 1))
            let bound = Double(correction.boundInFrame(at: moment) ?? 0)
            return (rest - bound, rest + bound)
        }
    }

    private static let rowCount = 8
    private static let labelWidth = 14
}

/// Dots, two across and four down in each character.
private struct BrailleCanvas {
    private var cells: [[UInt32]]

    init(columns: Int, rows: Int) {
        cells = Array(repeating: Array(repeating: 0, count: columns), count: rows)
    }

    mutating func set(_ x: Int, _ y: Int) {
        guard cells.indices.contains(y / 4), cells[y / 4].indices.contains(x / 2) else { return }
        cells[y / 4][x / 2] |= Self.dots[x % 2][y % 4]
    }

    var lines: [String] {
        cells.map { row in
            String(String.UnicodeScalarView(row.compactMap { Unicode.Scalar(0x2800 + $0) }))
        }
    }

    /// Unicode's numbering of the dots.
    private static let dots: [[UInt32]] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]]
}

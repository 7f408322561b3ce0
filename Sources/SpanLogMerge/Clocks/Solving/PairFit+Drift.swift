extension PairFit {
    /// What the windows say φ was.
    private struct Middle {
        let time: Double
        let value: Double
        /// Between the upper and the lower bound, in nanoseconds.
        let width: Double
    }

    /// Sets the line that φ follows, and how far it may leave it.
    mutating func findDrift(_ settings: ClockSettings) {
        (slope, intercept) = (0, 0)
        // With the drift taken out, the windows tell better which messages were fast.
        for _ in 0..<3 {
            let middles = windows.compactMap { middle($0, settings) }
            slope += Self.slope(middles)
        }
        let middles = windows.compactMap { middle($0, settings) }
        intercept = Self.median(middles.map(\.value)) ?? 0
        residualDrift =
            min(settings.driftMaxPPM, settings.residualDriftPPM + Self.uncertainty(middles)) / 1e6
    }

    private func middle(_ window: PairWindow, _ settings: ClockSettings) -> Middle? {
        guard !window.upper.isEmpty, !window.lower.isEmpty else { return nil }
        let above = window.upper.map { upper.detrended($0, slope) }.sorted()
        let below = window.lower.map { lower.detrended($0, slope) }.sorted()
        let high = above[min(settings.faulty(of: window.upperCount), above.count - 1)]
        let low = -below[min(settings.faulty(of: window.lowerCount), below.count - 1)]
        return Middle(time: center(window), value: (high + low) / 2, width: abs(high - low))
    }

    /// Half way between the first and the last message.
    func center(_ window: PairWindow) -> Double {
        var (first, last) = (Double.infinity, -Double.infinity)
        for time in upper.times[window.upper] {
            (first, last) = (min(first, time), max(last, time))
        }
        for time in lower.times[window.lower] {
            (first, last) = (min(first, time), max(last, time))
        }
        return first + (last - first) / 2
    }

    /// Theil and Sen's: the median of the slopes between points that are far apart.
    private static func slope(_ points: [Middle]) -> Double {
        let distance = max(1, points.count / 3)
        // Some 20,000 slopes say as much as all.
        let stride = max(1, points.count * points.count / 40_000)
        var slopes: [Double] = []
        for (index, point) in points.enumerated() {
            for other in Swift.stride(from: index + distance, to: points.count, by: stride) {
                let passed = points[other].time - point.time
                if passed > 0 { slopes.append((points[other].value - point.value) / passed) }
            }
        }
        return median(slopes) ?? 0
    }

    /// How far off the slope may be, in parts per million: the line lies within the windows' widths.
    private static func uncertainty(_ middles: [Middle]) -> Double {
        guard let first = middles.first, let last = middles.last, last.time > first.time,
            let width = median(middles.map(\.width))
        else { return .infinity }
        return 1e6 * width / (last.time - first.time)
    }

    static func median(_ values: [Double]) -> Double? {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return nil }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }
}

extension ClockSettings {
    /// How many of `count` facts may be wrong. Of a handful, each is believed: there are none to spare.
    func faulty(of count: Int) -> Int {
        count < PairWindow.messageCountMin / 2 ? 0 : max(faultyMax, faultyMax * count / 50)
    }
}

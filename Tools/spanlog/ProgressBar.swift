import Synchronization

/// Shows on standard error how far a long job is: a bar with rate and remaining time on a terminal,
/// and one line at the end elsewhere.
///
///     let bar = ProgressBar(label: "Exporting", total: spanCount, unit: "spans")
///     defer { bar.finish() }
///     for … { bar.update(done) }
final class ProgressBar: Sendable {
    private let label: String
    private let total: Int
    private let unit: String
    private let isTerminal: Bool
    private let write: @Sendable (String) -> Void
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private let state = Mutex(State())

    private struct State {
        var done = 0
        var drawn: ContinuousClock.Instant?
        var isFinished = false
    }

    /// Begins a job.
    ///
    /// - Parameters:
    ///   - label: What is being done.
    ///   - total: How many of `unit` there are, or 0 if nobody knows.
    ///   - unit: What is counted, in the plural.
    convenience init(label: String, total: Int, unit: String) {
        self.init(
            label: label, total: total, unit: unit, isTerminal: StandardError.isTerminal,
            write: StandardError.write)
    }

    init(
        label: String, total: Int, unit: String, isTerminal: Bool,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.label = label
        self.total = total
        self.unit = unit
        self.isTerminal = isTerminal
        self.write = write
        start = clock.now
    }

    /// How many are done by now. May be called as often as one likes: it draws ten times a second.
    func update(_ done: Int) {
        state.withLock { state in
            state.done = done
            let now = clock.now
            let isDue = state.drawn.map { now - $0 > .milliseconds(100) } ?? true
            guard isTerminal, isDue, !state.isFinished else { return }
            state.drawn = now
            write("\r\(line(done, after: now - start))\u{1B}[K")
        }
    }

    /// Ends the line, whether the job is done or was given up. Does nothing a second time, nor if
    /// nothing was ever done.
    func finish() {
        state.withLock { state in
            guard !state.isFinished, state.done > 0 else { return }
            state.isFinished = true
            let time = clock.now - start
            if isTerminal {
                write("\r\(line(state.done, after: time))\u{1B}[K\n")
            } else {
                write("\(summary(state.done, after: time))\n")
            }
        }
    }

    private func line(_ done: Int, after time: Duration) -> String {
        let rate = done > 0 ? "  \(grouped(Int(rate(done, time))))/s" : ""
        return "\(label)\(bar(done))  \(count(done))\(rate)\(remaining(done, time))"
    }

    private func bar(_ done: Int) -> String {
        guard total > 0 else { return "" }
        let fraction = min(Double(done) / Double(total), 1)
        let filled = Int(fraction * Double(Self.width))
        let bar = String(repeating: "#", count: filled)
        let rest = String(repeating: "-", count: Self.width - filled)
        return " [\(bar)\(rest)] \(Int(fraction * 100))%"
    }

    private func summary(_ done: Int, after time: Duration) -> String {
        let tenths = Int(time / .milliseconds(100))
        return "\(label): \(count(done)) in \(tenths / 10).\(tenths % 10) s"
    }

    private func count(_ done: Int) -> String {
        done >= total ? "\(grouped(done)) \(unit)" : "\(grouped(done))/\(grouped(total)) \(unit)"
    }

    private func remaining(_ done: Int, _ time: Duration) -> String {
        guard done > 0, done < total else { return "" }
        let seconds = Int(Double(total - done) / rate(done, time))
        let (minutes, rest) = (seconds / 60, seconds % 60)
        return "  ETA \(minutes):\(rest < 10 ? "0" : "")\(rest)"
    }

    private func rate(_ done: Int, _ time: Duration) -> Double {
        Double(done) / max(time / .seconds(1), 0.001)
    }

    /// 1234567 as 1,234,567.
    private func grouped(_ number: Int) -> String {
        var groups: [Substring] = []
        var digits = Substring(String(number))
        while digits.count > 3 {
            groups.insert(digits.suffix(3), at: 0)
            digits = digits.dropLast(3)
        }
        return ([digits] + groups).joined(separator: ",")
    }

    private static let width = 24
}

import Foundation

/// What `Tools/bench record` prints.
struct Table: Encodable {
    var rows: [Row] = []

    struct Row: Encodable {
        let name: String
        let threadCount: Int
        /// The medians over all runs and threads, for one span.
        let cpuNanoseconds: Double
        /// The median, over all runs, of the CPU time divided by the first row's in the same round.
        let ratio: Double
        let allocationCount: Double
        let allocatedByteCount: Double
        /// Spans made by all threads in a second, while they ran.
        let spansPerSecond: Double
        let lostCount: UInt64
        /// The most memory that the process had while these spans were made, everything included.
        let peakMemoryBytes: Int

        init(
            _ name: String, threadCount: Int, _ measurements: [Measurement],
            baseline: [Measurement], spansPerRun: Int, lostCount: UInt64, peakMemoryBytes: Int
        ) {
            let spans = Double(spansPerRun)
            self.name = name
            self.threadCount = threadCount
            cpuNanoseconds = measurements.map { Double($0.cpuNanoseconds) / spans }.median
            ratio =
                zip(measurements, baseline)
                .map { Double($0.cpuNanoseconds) / Double($1.cpuNanoseconds) }.median
            allocationCount = measurements.map { Double($0.allocationCount) / spans }.median
            allocatedByteCount = measurements.map { Double($0.allocatedByteCount) / spans }.median
            let wall = measurements.map { Double($0.wallNanoseconds) }.median
            spansPerSecond = Double(threadCount) * spans / wall * 1e9
            self.lostCount = lostCount
            self.peakMemoryBytes = peakMemoryBytes
        }
    }

    func print(asJSON isJSON: Bool) throws {
        if isJSON { return try printJSON(self) }
        printText()
    }

    private func printText() {
        let columns = [
            "threads", "CPU ns", "of no-op", "allocations", "bytes", "spans/s", "lost", "peak MiB",
        ]
        line("tracer", columns)
        for row in rows {
            line(
                row.name,
                [
                    "\(row.threadCount)", String(format: "%.0f", row.cpuNanoseconds),
                    String(format: "%.2f", row.ratio), String(format: "%.1f", row.allocationCount),
                    String(format: "%.0f", row.allocatedByteCount),
                    String(format: "%.0f k", row.spansPerSecond / 1000), "\(row.lostCount)",
                    "\(row.peakMemoryBytes >> 20)",
                ])
        }
    }

    private func line(_ name: String, _ columns: [String]) {
        let cells = columns.map { $0.padding(left: 12) }
        Swift.print(name.padding(toLength: 46, withPad: " ", startingAt: 0) + cells.joined())
    }
}

extension String {
    func padding(left count: Int) -> String {
        String(repeating: " ", count: Swift.max(0, count - self.count)) + self
    }
}

import SpanLogFormat
import SpanLogStore

/// Runs of summaries, in memory or in temporary space, and their merge into the table `index`.
struct SummaryRuns: Sendable {
    private let space: SpillSpace
    private let area = SpillArea()
    private let bytesMax: Int
    private var waiting: [SummaryRun] = []
    private var waitingByteCount = 0
    /// What of it has room only as long as nobody else needs it.
    private var heldByteCount = 0
    private var spilled: [SpilledSummaries] = []
    /// Some starts of each run, by which the summaries are divided.
    private var samples: [UInt64] = []
    private var count = 0
    private var runCount = 0

    init(_ space: SpillSpace, bytesMax: Int) {
        self.space = space
        self.bytesMax = bytesMax
    }

    /// Takes a sorted run.
    mutating func append(_ run: SummaryRun) throws {
        guard !run.places.isEmpty else { return }
        addSamples(of: run)
        count += run.places.count
        waiting.append(run)
        waitingByteCount += run.byteCount
        guard waitingByteCount > bytesMax else { return }
        if space.hold(run.byteCount) {
            heldByteCount += run.byteCount
            return
        }
        try spillWaiting()
        waiting = []
        waitingByteCount = 0
        space.release(heldByteCount)
        heldByteCount = 0
    }

    /// Runs are alike, so each is sampled at other places: by the fractions of the golden ratio's multiples.
    private mutating func addSamples(of run: SummaryRun) {
        runCount += 1
        let shift = (Double(runCount) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1)
        for number in 0..<Self.samplesPerRun {
            let place = (Double(number) + shift) / Double(Self.samplesPerRun)
            samples.append(run.places[Int(place * Double(run.places.count))].start)
        }
    }

    private mutating func spillWaiting() throws {
        guard spilled.count + waiting.count > Self.runsMax else {
            for run in waiting { try spill(run) }
            return
        }
        // One run of all that waits: the fewer there are, the less the last merge has to hold.
        var all = SummaryRun()
        try SummaryReader.merge(waiting.map { SummaryReader($0) }) { place, bytes in
            all.append(place, bytes)
        }
        try spill(all)
    }

    private mutating func spill(_ run: SummaryRun) throws {
        try space.withFile(of: area) { file in
            spilled.append(try SpilledSummaries(run, in: file))
        }
    }

    /// Runs beyond this are merged before they are written.
    private static let runsMax = 1024
    private static let samplesPerRun = 16
}

extension SummaryRuns {
    /// Starts that divide the summaries into ranges of about the same size, ascending: each range begins
    /// with one and ends before the next.
    var rangeStarts: [UInt64] {
        let sorted = samples.sorted()
        let count = min(1 + self.count / Self.rangeCountMin, Self.rangesMax)
        return (0..<count).reduce(into: [0]) { starts, number in
            let start = sorted.isEmpty ? 0 : sorted[sorted.count * number / count]
            if start > starts[starts.count - 1] { starts.append(start) }
        }
    }

    /// Calls `body` with all summaries of a range in order.
    ///
    /// - Parameters:
    ///   - first: Where the range begins.
    ///   - next: Where the next one begins, or `nil` for the last.
    ///   - readerCount: How many ranges are read at the same time.
    func forEach(
        from first: UInt64, to next: UInt64?, readerCount: Int,
        _ body: (SummaryRun.Place, ArraySlice<UInt8>) throws -> Void
    ) throws {
        var readers = waiting.map { SummaryReader($0, from: first) }
        if !spilled.isEmpty {
            try space.withFile(of: area) { file in
                for run in spilled {
                    readers.append(
                        try SummaryReader(
                            run, in: file, from: first, windowCount: Self.windowCount / readerCount))
                }
            }
        }
        try SummaryReader.merge(readers, before: next, body)
    }

    private static let rangesMax = 64
    private static let rangeCountMin = 1 << 16
    private static let windowCount = 256
}

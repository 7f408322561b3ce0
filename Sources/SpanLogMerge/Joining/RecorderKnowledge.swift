import SpanLogFormat
import SpanLogStore

/// What the headers of all blocks say of their recorders, whichever stores they lie in: it explains
/// why a parent is not there.
struct RecorderKnowledge: Sendable {
    private(set) var recorders: [RecorderID: RecorderTally] = [:]

    mutating func add(_ block: Block) {
        let id = block.header.recorderID
        if recorders[id] == nil { recorders[id] = RecorderTally(block) }
        recorders[id]?.add(block)
    }

    /// Takes what an earlier merge knew.
    mutating func add(_ report: MergeReport) {
        for recorder in report.recorders {
            guard let id = RecorderID(hexadecimal: recorder.id) else { continue }
            let tally = RecorderTally(recorder)
            recorders[id] = recorders[id].map { tally.merged(with: $0) } ?? tally
        }
    }
}

/// What is known of one recorder.
struct RecorderTally: Sendable {
    let bootID: [UInt8]
    let service: String
    let host: String
    private(set) var drops = DropCounters()
    /// The blocks that were read, in runs without a gap, by sequence.
    private(set) var runs: [Run] = []
    private(set) var spanCount: UInt64 = 0
    private(set) var openSpanCount: UInt64 = 0
    private(set) var earliest: UInt64 = .max
    private(set) var latest: UInt64 = 0
    /// The wall clock when the recorder last gave a sign of life.
    private(set) var lastSeen: UInt64 = 0

    /// Blocks in a row.
    struct Run: Sendable {
        var first: UInt64
        var last: UInt64
        /// The wall clock when the first and the last were sealed.
        var firstSealed: UInt64
        var lastSealed: UInt64
    }

    init(_ block: Block) {
        bootID = block.header.anchor.bootID
        let resource = (try? TracesData.firstResource(in: block.bytes, block.payload)) ?? nil
        service = resource?.serviceName ?? ""
        host = resource?.attributes.text(for: "host.name") ?? ""
    }

    /// What an earlier merge knew.
    init(_ report: MergeReport.Recorder) {
        bootID = Hexadecimal.bytes(report.bootID) ?? []
        service = report.service
        host = report.host
        // The reason why a span was dropped is not told apart here.
        drops.bufferFull = report.droppedSpanCount
        drops.openTableFull = report.unnotedSpanCount
        spanCount = report.spanCount
        openSpanCount = report.openSpanCount
        earliest = report.earliestNanoseconds ?? .max
        latest = report.latestNanoseconds ?? 0
        lastSeen = report.lastSeenNanoseconds
        for run in report.runs where run.first <= run.last {
            _ = insert(
                Run(
                    first: run.first, last: run.last, firstSealed: run.firstSealedNanoseconds,
                    lastSealed: run.lastSealedNanoseconds))
        }
    }

    mutating func add(_ block: Block) {
        let header = block.header
        let sealed = header.anchor.realtimeNanoseconds
        lastSeen = max(lastSeen, sealed)
        drops = drops.greatest(header.drops)
        if block.holdsOpenSpans {
            openSpanCount = max(openSpanCount, UInt64(header.spanCount))
            return
        }
        let run = Run(
            first: header.sequence, last: header.sequence, firstSealed: sealed, lastSealed: sealed)
        guard insert(run) else { return }
        spanCount &+= UInt64(header.spanCount)
        guard header.spanCount > 0 else { return }
        earliest = min(earliest, header.earliestNanoseconds)
        latest = max(latest, header.latestNanoseconds)
    }

    func merged(with other: RecorderTally) -> RecorderTally {
        var result = self
        // Drops of an earlier merge are one sum, so sums are compared.
        result.drops = drops.total >= other.drops.total ? drops : other.drops
        result.drops.openTableFull = max(drops.openTableFull, other.drops.openTableFull)
        // A run that both have counts its spans twice: only what is new would be exact, and that
        // is not known any more. The greater is what at least is there.
        let isDisjoint = other.runs.allSatisfy { !result.overlaps($0) }
        for run in other.runs { _ = result.insert(run) }
        result.spanCount =
            isDisjoint ? spanCount &+ other.spanCount : max(spanCount, other.spanCount)
        result.openSpanCount = max(openSpanCount, other.openSpanCount)
        result.earliest = min(earliest, other.earliest)
        result.latest = max(latest, other.latest)
        result.lastSeen = max(lastSeen, other.lastSeen)
        return result
    }

    private func overlaps(_ run: Run) -> Bool {
        let place = place(of: run.first)
        if place < runs.count, runs[place].first <= run.last { return true }
        return place > 0 && runs[place - 1].last >= run.first
    }

    /// The place of the first run that begins at or after `sequence`.
    private func place(of sequence: UInt64) -> Int {
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].first < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// - Returns: Whether at least a part of it is new.
    private mutating func insert(_ run: Run) -> Bool {
        var place = place(of: run.first)
        if place > 0, runs[place - 1].last >= run.last { return false }
        if place < runs.count, runs[place].first == run.first, runs[place].last >= run.last {
            return false
        }
        var run = run
        // What touches or overlaps becomes one.
        while place < runs.count,
            runs[place].first <= run.last || runs[place].first == run.last &+ 1
        {
            run = run.union(runs.remove(at: place))
        }
        while place > 0, runs[place - 1].last >= run.first || runs[place - 1].last &+ 1 == run.first
        {
            place -= 1
            run = run.union(runs.remove(at: place))
        }
        runs.insert(run, at: place)
        return true
    }
}

extension RecorderTally.Run {
    fileprivate func union(_ other: Self) -> Self {
        Self(
            first: min(first, other.first), last: max(last, other.last),
            firstSealed: min(firstSealed, other.firstSealed),
            lastSealed: max(lastSealed, other.lastSealed))
    }
}

extension RecorderTally {
    /// The blocks that are missing between the first one ever and the last one read.
    var gaps: [(first: UInt64, last: UInt64, until: UInt64)] {
        var next: UInt64 = 0
        var gaps: [(UInt64, UInt64, UInt64)] = []
        for run in runs {
            if run.first > next { gaps.append((next, run.first - 1, run.firstSealed)) }
            next = run.last &+ 1
        }
        return gaps
    }

    /// The wall clock until when spans of this recorder may be lost; `nil` if none is known to be.
    var lossUntil: UInt64? {
        if drops.total > 0 { return .max }
        return gaps.map(\.until).max()
    }
}

extension DropCounters {
    /// Counters only grow, so the greatest are the newest.
    fileprivate func greatest(_ other: DropCounters) -> DropCounters {
        DropCounters(zip(all, other.all).map { max($0, $1) })
    }
}

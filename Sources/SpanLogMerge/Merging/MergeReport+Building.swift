import SpanLogFormat
import SpanLogStore

extension MergeReport {
    init(
        _ scattered: MergeRun.Scattered, _ counts: MergeCounts, _ corrections: ClockCorrections,
        temporaryByteCount: UInt64
    ) {
        stores = scattered.stores
        accounting = counts.accounting
        accounting.read = scattered.readCount
        for (reason, count) in zip(SetAsideReason.allCases, counts.setAside) where count > 0 {
            accounting.quarantined[reason.text, default: 0] += count
        }
        traces = counts.traces
        orphans = Orphans(counts.orphans)
        links = counts.links
        digest = Hexadecimal.string(counts.digest.bigEndianBytes)
        self.temporaryByteCount = temporaryByteCount
        clocks = ClockReport(corrections)
        let running = Set(stores.flatMap(\.recorders).filter(\.isRunning).map(\.id))
        recorders = scattered.knowledge.recorders.map { id, tally in
            Recorder(id, tally, isRunning: running.contains(id.description))
        }.sorted {
            ($0.earliestNanoseconds ?? .max, $0.id) < ($1.earliestNanoseconds ?? .max, $1.id)
        }
        let known = Set(recorders.map(\.service))
        missingServices = counts.calls.filter { !known.contains($0.key) }
            .map { MissingService(name: $0.key, callCount: $0.value) }
            .sorted { ($1.callCount, $0.name) < ($0.callCount, $1.name) }
    }
}

extension MergeReport.Recorder {
    init(_ id: RecorderID, _ tally: RecorderTally, isRunning: Bool) {
        self.id = id.description
        bootID = Hexadecimal.string(tally.bootID)
        service = tally.service
        host = tally.host
        self.isRunning = isRunning
        spanCount = tally.spanCount
        openSpanCount = tally.openSpanCount
        blockCount = tally.runs.reduce(0) { $0 &+ ($1.last &- $1.first &+ 1) }
        earliestNanoseconds = tally.earliest == .max ? nil : tally.earliest
        latestNanoseconds = tally.latest == 0 ? nil : tally.latest
        lastSeenNanoseconds = tally.lastSeen
        missingBlockCount = tally.gaps.reduce(0) { $0 &+ ($1.last &- $1.first &+ 1) }
        droppedSpanCount = tally.drops.total
        unnotedSpanCount = tally.drops.openTableFull
        runs = tally.runs.map { run in
            Run(
                first: run.first, last: run.last, firstSealedNanoseconds: run.firstSealed,
                lastSealedNanoseconds: run.lastSealed)
        }
    }
}

extension MergeReport.Orphans {
    init(_ counts: [UInt64]) {
        notSampled = counts[OrphanClass.notSampled.rawValue]
        storeNotGiven = counts[OrphanClass.storeNotGiven.rawValue]
        gapOrDrop = counts[OrphanClass.gapOrDrop.rawValue]
        unfinished = counts[OrphanClass.unfinished.rawValue]
        unexplained = counts[OrphanClass.unexplained.rawValue]
    }
}

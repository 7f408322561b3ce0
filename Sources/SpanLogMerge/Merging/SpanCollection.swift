import SpanLogFormat
import SpanLogStore

/// All records of a merge, sorted into traces.
struct SpanCollection {
    private var blocks: [Block] = []
    private var producers: [RawSpan.Producer] = []
    private var records: [Record] = []
    /// The number of records in each of ``blocks``.
    private var recordCounts: [UInt64] = []
    /// The places of blocks in ``blocks``, to compare others with.
    private var originals: [Provenance: [Int]] = [:]
    /// Records that are no valid spans, in the order of their reading.
    private(set) var quarantine: [QuarantinedRecord] = []

    /// A span's place in the blocks, with what the join needs of it.
    private struct Record {
        let traceID: TraceID
        let spanID: SpanID
        let block: Int
        let producer: Int
        let range: Range<Int>
        let start: UInt64
        let isFinished: Bool
    }

    /// What replicas of a block have in common. Two blocks that differ under one number are none:
    /// one may be what a spool held of the other when a store was copied, or a machine was restored
    /// from a snapshot while its recorder was running.
    private struct Provenance: Hashable {
        private let recorderID: RecorderID
        private let sequence: UInt64
        private let payloadChecksum: UInt64

        init(_ block: Block) {
            recorderID = block.header.recorderID
            sequence = block.header.sequence
            payloadChecksum = block.payloadChecksum
        }
    }

    /// Reads a store, and counts what it holds.
    mutating func add(
        _ store: Store, to report: inout MergeReport, _ progress: (Merge.Progress) -> Void
    ) {
        let storeReport = StoreReport(store) { block in
            add(block, to: &report.accounting)
            progress(.init(stage: .reading, done: blocks.count, total: 0))
        }
        report.stores.append(storeReport)
    }

    private mutating func add(_ block: Block, to accounting: inout MergeReport.Accounting) {
        // Open spans come without a number of their own; those of a copy are identical.
        if !block.holdsOpenSpans {
            if let original = originals[Provenance(block)]?.first(where: { isEqual(block, $0) }) {
                accounting.read += recordCounts[original]
                accounting.replica += recordCounts[original]
                return
            }
            originals[Provenance(block), default: []].append(blocks.count)
        }
        blocks.append(block)
        let count = addRecords(of: block, to: &accounting)
        accounting.read += count
        recordCounts.append(count)
    }

    private func isEqual(_ block: Block, _ index: Int) -> Bool {
        let other = blocks[index]
        return other.bytes[other.payload] == block.bytes[block.payload]
    }

    /// - Returns: The number of records, counted in the payload: the header may lie about it.
    private mutating func addRecords(
        of block: Block, to accounting: inout MergeReport.Accounting
    ) -> UInt64 {
        var count: UInt64 = 0
        var last: (place: TracesData.Location, producer: Int?)?
        do {
            try TracesData.forEachSpan(in: block.bytes, block.payload) { place in
                count += 1
                if last?.place.resource != place.resource || last?.place.scope != place.scope {
                    last = (place, addProducer(of: block, place, after: last))
                }
                guard let producer = last?.producer else {
                    let span = block.bytes[place.span]
                    setAside(span, "undecodable resource", block.header, &accounting)
                    return
                }
                add(place.span, of: block, producer: producer, to: &accounting)
            }
        } catch {
            count += 1
            let payload = block.bytes[block.payload]
            setAside(payload, "undecodable block: \(error)", block.header, &accounting)
        }
        return count
    }

    /// - Returns: The producer's place, or `nil` if its resource cannot be decoded.
    private mutating func addProducer(
        of block: Block, _ place: TracesData.Location,
        after last: (place: TracesData.Location, producer: Int?)?
    ) -> Int? {
        let resource: [UInt8]
        if let last, last.place.resource == place.resource {
            // One copy for all scopes: a forged block may have a million of them.
            guard let producer = last.producer else { return nil }
            resource = producers[producer].resource
        } else {
            resource = Array(block.bytes[place.resource])
            guard (try? Resource(decoding: resource)) != nil else { return nil }
        }
        let producer = RawSpan.Producer(
            recorderID: block.header.recorderID, resource: resource,
            scope: Array(block.bytes[place.scope]))
        if producers.last != producer { producers.append(producer) }
        return producers.count - 1
    }

    private mutating func add(
        _ range: Range<Int>, of block: Block, producer: Int,
        to accounting: inout MergeReport.Accounting
    ) {
        do {
            let span = try SpanRecord(decoding: block.bytes, range)
            if let reason = span.reasonToSetAside {
                setAside(block.bytes[range], reason, block.header, &accounting)
                return
            }
            records.append(
                Record(
                    traceID: span.traceID, spanID: span.spanID, block: blocks.count - 1,
                    producer: producer, range: range, start: span.startNanoseconds,
                    isFinished: span.endNanoseconds != 0))
        } catch {
            setAside(block.bytes[range], "undecodable span", block.header, &accounting)
        }
    }

    private mutating func setAside(
        _ bytes: ArraySlice<UInt8>, _ reason: String, _ header: BlockHeader,
        _ accounting: inout MergeReport.Accounting
    ) {
        accounting.quarantined[reason, default: 0] += 1
        quarantine.append(
            QuarantinedRecord(
                reason: reason, recorderID: header.recorderID, sequence: header.sequence,
                bytes: Array(bytes)))
    }
}

extension SpanCollection {
    /// Calls `body` with each trace, in the order of their identifiers, and counts them.
    mutating func join(
        _ report: inout MergeReport, _ progress: (Merge.Progress) -> Void,
        _ body: (JoinedTrace) throws -> Void
    ) throws {
        records.sort { ($0.traceID, $0.spanID) < ($1.traceID, $1.spanID) }
        var start = records.startIndex
        while start < records.endIndex {
            let id = records[start].traceID
            let end = records[start...].firstIndex { $0.traceID != id } ?? records.endIndex
            let spans = distinctSpans(records[start..<end], &report)
            try body(try JoinedTrace(id: id, spans: spans, &report.traces))
            progress(.init(stage: .writing, done: end, total: records.count))
            start = end
        }
    }

    private typealias Candidate = (record: Record, span: RawSpan)

    /// The spans of a trace by their starts, each once.
    private func distinctSpans(
        _ records: ArraySlice<Record>, _ report: inout MergeReport
    ) -> [RawSpan] {
        var distinct: [Candidate] = []
        var start = records.startIndex
        while start < records.endIndex {
            let id = records[start].spanID
            let end = records[start...].firstIndex { $0.spanID != id } ?? records.endIndex
            distinct += distinctRecords(records[start..<end], &report)
            start = end
        }
        report.accounting.spansOut += UInt64(distinct.count)
        distinct.sort { Self.precedes($0, $1) }
        return distinct.map(\.span)
    }

    /// What is left of records with one key: identical ones once, and of each recorder no
    /// unfinished one beside another.
    private func distinctRecords(
        _ records: ArraySlice<Record>, _ report: inout MergeReport
    ) -> [Candidate] {
        let unequal = unequalRecords(records)
        let joined = Self.withoutSuperseded(unequal)
        report.accounting.identical += UInt64(records.count - unequal.count)
        report.accounting.joined += UInt64(unequal.count - joined.count)
        if joined.count > 1 { report.traces.sharedIDs += 1 }
        return joined
    }

    /// Of records with the same bytes the one of the least producer: whichever was read first, the
    /// order of the stores is nothing.
    private func unequalRecords(_ records: ArraySlice<Record>) -> [Candidate] {
        let candidates: [Candidate] = records.map { record in
            let bytes = blocks[record.block].bytes[record.range]
            return (record, RawSpan(producer: producers[record.producer], bytes: bytes))
        }
        guard candidates.count > 1 else { return candidates }
        let sorted = candidates.sorted { left, right in
            left.span.bytes == right.span.bytes
                ? left.span.producer < right.span.producer
                : left.span.bytes.lexicographicallyPrecedes(right.span.bytes)
        }
        return sorted.reduce(into: []) { unequal, candidate in
            if unequal.last?.span.bytes != candidate.span.bytes { unequal.append(candidate) }
        }
    }

    /// Leaves out what a recorder said of a span while it was open, if it said more later.
    private static func withoutSuperseded(_ candidates: [Candidate]) -> [Candidate] {
        candidates.filter { candidate in
            guard !candidate.record.isFinished else { return true }
            let others = candidates.filter {
                $0.span.producer.recorderID == candidate.span.producer.recorderID
            }
            if others.contains(where: \.record.isFinished) { return false }
            // An open span only grows.
            return !others.contains { isLater($0, candidate) }
        }
    }

    private static func isLater(_ left: Candidate, _ right: Candidate) -> Bool {
        let (left, right) = (left.span.bytes, right.span.bytes)
        if left.count != right.count { return left.count > right.count }
        return right.lexicographicallyPrecedes(left)
    }

    private static func precedes(
        _ left: Candidate, _ right: Candidate
    ) -> Bool {
        let (first, second) = (left.record, right.record)
        if (first.start, first.spanID) != (second.start, second.spanID) {
            return (first.start, first.spanID) < (second.start, second.spanID)
        }
        return left.span.bytes.lexicographicallyPrecedes(right.span.bytes)
    }
}

extension SpanRecord {
    /// Why the record can be in no trace, or `nil` if it can.
    fileprivate var reasonToSetAside: String? {
        if !traceID.isValid { return "no trace id" }
        if !spanID.isValid { return "no span id" }
        if startNanoseconds == 0 { return "no start" }
        if endNanoseconds != 0, endNanoseconds < startNanoseconds { return "end before start" }
        return nil
    }
}

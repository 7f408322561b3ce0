import SpanLogFormat
import SpanLogStore

extension PartitionJoin {
    /// Puts the trace at hand into the archive, in parts if it is long.
    mutating func layOut(_ id: TraceID) {
        let parts = TraceParts(spanCount: spans.count)
        if parts.count > 1 { counts.traces.large += 1 }
        layOut(id, parts)
    }

    /// Lays out the spans at hand, which are all of some parts of the trace.
    mutating func layOut(_ id: TraceID, _ parts: TraceParts) {
        var first = 0
        while first < spans.count {
            let part = parts.part(of: spans[first])
            var next = first + 1
            while next < spans.count, parts.part(of: spans[next]) == part { next += 1 }
            layOutPart(id, part, first..<next)
            first = next
        }
    }

    private mutating func layOutPart(_ id: TraceID, _ part: UInt32, _ range: Range<Int>) {
        typealias Field = ArchiveFormat.Trace
        digest.begin(id)
        let start = archive.chunk.begin()
        archive.chunk.writer.field(Field.id, id)
        if part > 0 { archive.chunk.writer.uint64(Field.part, UInt64(part)) }
        places.removeAll()
        for span in spans[range] where span.change < 0 { note(span.record) }
        if !places.isEmpty { archive.chunk.writer.field(Field.spans, places.bytes[...]) }
        if !changes.isEmpty {
            for span in spans[range] where span.change >= 0 { layOutChanged(span) }
        }
        if !twins.isEmpty { layOutTwins(range) }
        archive.chunk.writer.endMessage(start)
        archive.endEntry(id, part: part)
        counts.digest &+= digest.sum
    }

    /// Adds where a record is to ``places``, and the record to the digest.
    private mutating func note(_ place: UInt32) {
        let record = data.records[Int(place)]
        places.append(record)
        digest.add(record, data)
    }

    private mutating func layOutChanged(_ span: JoinedSpan) {
        typealias Field = ArchiveFormat.ChangedSpan
        let change = changes[Int(span.change)]
        digest.add(UInt64(change.originals.count))
        places.removeAll()
        for place in change.originals { note(place) }
        let id = SpanID(span.spanID).bytes
        let parent = SpanID(span.parentID).bytes
        digest.add(span.spanID.byteSwapped)
        digest.add(span.parentID.byteSwapped)
        let start = archive.chunk.writer.beginMessage(ArchiveFormat.Trace.changedSpan)
        archive.chunk.writer.field(Field.records, places.bytes[...])
        if change.hasNewID { archive.chunk.writer.field(Field.id, id) }
        if change.hasNewParent { archive.chunk.writer.field(Field.parentID, parent) }
        archive.chunk.writer.attributes(Field.attributes, change.attributes)
        archive.chunk.writer.endMessage(start)
    }

    /// Lays out the twins of records of the spans in `range`.
    private mutating func layOutTwins(_ range: Range<Int>) {
        var records: Set<UInt32> = []
        for span in spans[range] {
            records.formUnion(span.change < 0 ? [span.record] : changes[Int(span.change)].originals)
        }
        let sorted = twins.filter { records.contains($0.kept) }.sorted { left, right in
            func key(_ place: UInt32) -> (UInt64, (producer: UInt32, UInt64, UInt32)) {
                (data.records[Int(place)].spanID, data.key(data.records[Int(place)]))
            }
            let (one, other) = (key(left.kept), key(right.kept))
            if one.0 != other.0 { return one.0 < other.0 }
            if one.1 != other.1 { return one.1 < other.1 }
            return key(left.other).1 < key(right.other).1
        }
        guard !sorted.isEmpty else { return }
        places.removeAll()
        for twin in sorted {
            note(twin.kept)
            note(twin.other)
        }
        archive.chunk.writer.field(ArchiveFormat.Trace.twins, places.bytes[...])
    }

    /// Lays out records that can be in no trace, each once.
    mutating func setAside(_ start: Int, _ end: Int) {
        counts.seen += UInt64(end - start)
        // By provenance first, so that the same record of another copy is beside it.
        let sorted = (start..<end).map { UInt32($0) }.sorted { left, right in
            let (one, other) = (data.records[Int(left)], data.records[Int(right)])
            if one.kind != other.kind { return one.kind < other.kind }
            if data.key(one) != data.key(other) { return data.key(one) < data.key(other) }
            return one.hash < other.hash
        }
        var last: Record?
        for place in sorted {
            let record = data.records[Int(place)]
            if let last, last.kind == record.kind, last.hash == record.hash,
                data.key(last) == data.key(record)
            {
                counts.accounting.replica += 1
                continue
            }
            last = record
            counts.setAside[Int(record.kind)] += 1
            archive.setAside(
                QuarantinedRecord(
                    reason: SetAsideReason.allCases[Int(record.kind)], block: record.block,
                    index: record.index))
            digest.begin()
            digest.add(UInt64(record.kind))
            digest.add(record, data)
            counts.digest &+= digest.sum
        }
    }
}

/// How a trace is divided: equal ranges of the spans' scrambled ids, so that it depends on the size
/// of the trace alone.
struct TraceParts {
    /// A power of two.
    let count: Int
    private let bits: UInt64

    init(spanCount: Int) {
        var bits: UInt64 = 0
        while bits < 31, spanCount >> bits > ArchiveFormat.partSpansMax { bits += 1 }
        self.bits = bits
        count = 1 << bits
    }

    func part(of span: JoinedSpan) -> UInt32 {
        bits == 0 ? 0 : UInt32(truncatingIfNeeded: span.order >> (64 - bits))
    }
}

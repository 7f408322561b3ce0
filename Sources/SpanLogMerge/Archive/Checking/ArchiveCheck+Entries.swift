import SpanLogFormat
import SpanLogStore

extension ArchiveCheck {
    mutating func checkTraces() throws {
        var lastID: TraceID?
        try forEachEntry(of: ArchiveFormat.traces) { check, value, bytes, range in
            let id = try ArchivedTraceEntry.traceID(in: bytes, range)
            let part = try ArchivedTraceEntry.part(in: bytes, range)
            if lastID != id {
                check.report.traceCount += 1
                check.traceSum &+= Self.sum(of: id)
            }
            lastID = id
            try check.checkTrace(id, bytes, range, value.place)
            return ArchiveFormat.traceKey(id, part: part)
        }
    }

    /// Checks a part of a trace, and adds it to the digest.
    private mutating func checkTrace(
        _ id: TraceID, _ bytes: [UInt8], _ range: Range<Int>, _ place: ArchiveDamages.Place
    ) throws {
        let spans = try ArchivedTraceEntry.spans(in: bytes, range)
        let twins = try ArchivedTraceEntry.twins(in: bytes, range)
        report.spanCount += UInt64(spans.count)
        var entry = EntryDigest()
        entry.begin(id)
        for span in spans {
            guard let change = span.change else {
                _ = try add(span.first, of: id, to: &entry, place)
                continue
            }
            try add(span.first, change, of: id, to: &entry, place)
        }
        for (kept, other) in twins {
            let left = try add(kept, of: id, to: &entry, place)
            let right = try add(other, of: id, to: &entry, place)
            if let left, let right, left.hash != right.hash {
                add("trace \(id) calls two records the same that differ", place)
            }
        }
        digest &+= entry.sum
    }

    /// Adds a span that was joined or changed to the digest of an entry.
    private mutating func add(
        _ first: ArchivedTraceEntry.Place, _ change: ArchivedTraceEntry.Change, of id: TraceID,
        to entry: inout EntryDigest, _ place: ArchiveDamages.Place
    ) throws {
        entry.add(UInt64(change.others.count + 1))
        var versions: [CheckedRecord] = []
        for record in [first] + change.others {
            if let found = try add(record, of: id, to: &entry, place) { versions.append(found) }
        }
        let spanID = change.spanID.map(Self.number) ?? versions.first?.spanID ?? 0
        let parentID =
            change.parentSpanID.map(Self.number)
            ?? versions.first { $0.parentID != 0 }?.parentID ?? 0
        entry.add(spanID.byteSwapped)
        entry.add(parentID.byteSwapped)
    }

    /// Adds a record of a trace to the digest of an entry.
    ///
    /// - Returns: `nil` if the record is not there, which is named.
    private mutating func add(
        _ record: ArchivedTraceEntry.Place, of id: TraceID, to entry: inout EntryDigest,
        _ place: ArchiveDamages.Place
    ) throws -> CheckedRecord? {
        guard let (found, sequence) = try records.record(record) else {
            addMissing(record, "trace \(id)", place)
            return nil
        }
        if found.defect != 0 {
            add(
                "trace \(id) names record \(record.index) of block \(record.block), which can be in "
                    + "no trace", place)
        }
        entry.add(found, of: sequence, record.index)
        return found
    }

    private static func number(_ id: SpanID) -> UInt64 { UInt64(bigEndianBytes: id.bytes) }

    /// Numbers whose sum tells sets of identifiers apart that differ by accident.
    private static func sum(of id: TraceID) -> UInt64 { Mix.mix(Mix.mix(id.high) &+ id.low) }
}

extension EntryDigest {
    fileprivate mutating func add(_ record: CheckedRecord, of sequence: UInt64, _ index: UInt64) {
        add(producer: record.producer, sequence: sequence, index: index, hash: record.hash)
    }
}

extension ArchiveCheck {
    mutating func checkQuarantine() throws {
        var next: UInt64 = 0
        try forEachValue(of: ArchiveFormat.quarantine) { check, value in
            if value.entry.key != next.bigEndianBytes {
                check.add("the chunk has another key than its number, \(next)", value.place)
            }
            next += 1
            let content = try ArchiveChunk.content(of: value.bytes)
            var reader = ProtobufReader(content.bytes, content.payload)
            while let field = try reader.next() {
                guard field.number == ArchiveFormat.Chunk.entry else { continue }
                let range = try reader.range(field.value)
                try check.checkSetAside(
                    try QuarantinedRecord(decoding: content.bytes, range), value.place)
            }
        }
    }

    private mutating func checkSetAside(
        _ record: QuarantinedRecord, _ place: ArchiveDamages.Place
    ) throws {
        report.quarantinedCount += 1
        let name = "record \(record.index) of block \(record.block)"
        let named = ArchivedTraceEntry.Place(
            block: UInt64(record.block), index: UInt64(record.index))
        guard let (found, sequence) = try records.record(named) else {
            return addMissing(named, "the quarantine", place)
        }
        if found.defect != UInt64(record.reason.rawValue) + 1 {
            add("\(name) is in quarantine for another reason than there is", place)
        }
        var entry = EntryDigest()
        entry.begin()
        entry.add(UInt64(record.reason.rawValue))
        entry.add(found, of: sequence, named.index)
        digest &+= entry.sum
    }

    mutating func checkIndex() throws {
        try forEachEntry(of: ArchiveFormat.index) { check, _, bytes, range in
            let summary = try TraceSummary(decoding: bytes, range)
            check.summaryCount += 1
            check.summarySum &+= Self.sum(of: summary.traceID)
            return ArchiveFormat.indexKey(
                start: summary.recordedStartNanoseconds, summary.traceID)
        }
    }

    mutating func checkAnchors() throws {
        try forEachEntry(of: ArchiveFormat.anchors) { _, _, bytes, range in
            let (domain, _) = try ArchivedAnchors.decode(bytes, range)
            return Array(domain.name.utf8)
        }
    }

    mutating func checkSeals() throws {
        try forEachEntry(of: ArchiveFormat.seals) { _, _, bytes, range in
            let seals = try ArchivedSeals(decoding: bytes, range)
            guard let last = seals.blocks.last else {
                throw FormatError("an entry of seals has no block")
            }
            return ArchiveFormat.sealKey(last.recorder, last.sequence)
        }
    }
}

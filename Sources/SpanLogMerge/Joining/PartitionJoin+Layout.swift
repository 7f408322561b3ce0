import SpanLogFormat
import SpanLogStore

extension PartitionJoin {
    /// Puts the trace at hand into the archive, in parts if it is long.
    mutating func layOut(_ id: TraceID) {
        let byteCount = spans.reduce(0) { $0 + contentByteCount(of: $1) }
        let parts = TraceParts(byteCount: byteCount)
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

    /// What a span takes in the archive, roughly.
    func contentByteCount(of span: JoinedSpan) -> Int {
        guard span.change >= 0 else { return Int(data.records[Int(span.record)].byteCount) }
        let change = changes[Int(span.change)]
        return change.originals.reduce(change.joined?.count ?? 0) {
            $0 + 2 * Int(data.records[Int($1)].byteCount)
        }
    }

    private mutating func layOutPart(_ id: TraceID, _ part: UInt32, _ range: Range<Int>) {
        typealias Extension = ArchiveFormat.Extension
        let start = archive.chunk.begin()
        archive.chunk.writer.field(Extension.traceID, id)
        if part > 0 { archive.chunk.writer.uint64(Extension.part, UInt64(part)) }
        sortByProducer(range)
        var first = 0
        while first < places.count {
            let origin = data.producers[Int(spans[Int(places[first])].producer)].origin
            first = layOutOrigin(origin, from: first)
        }
        layOutOriginals()
        let hash = archive.chunk.end(start)
        counts.digest &+= hash
        archive.endEntry(id, part: part)
    }

    /// Lets ``places`` be those of the spans in `range`, by producer and then by span.
    private mutating func sortByProducer(_ range: Range<Int>) {
        places.removeAll(keepingCapacity: true)
        places.append(contentsOf: range.lazy.map { UInt32($0) })
        guard places.count > 1 else { return }
        if places.count > 32 {
            places.sort { (spans[Int($0)].producer, $0) < (spans[Int($1)].producer, $1) }
            return
        }
        for index in 1..<places.count {
            let place = places[index]
            let producer = spans[Int(place)].producer
            var hole = index
            while hole > 0, spans[Int(places[hole - 1])].producer > producer {
                places[hole] = places[hole - 1]
                hole -= 1
            }
            places[hole] = place
        }
    }

    /// Lays out the spans of one origin.
    ///
    /// - Returns: Where the next origin's spans begin in ``places``.
    private mutating func layOutOrigin(_ origin: Origin, from first: Int) -> Int {
        archive.chunk.need(origin)
        let start = archive.chunk.writer.beginMessage(OTLPField.TracesData.resourceSpans)
        var next = first
        while next < places.count {
            let producer = spans[Int(places[next])].producer
            guard data.producers[Int(producer)].origin === origin else { break }
            var end = next + 1
            while end < places.count, spans[Int(places[end])].producer == producer { end += 1 }
            layOutScope(data.producers[Int(producer)], next..<end)
            next = end
        }
        archive.chunk.writer.field(ArchiveFormat.Extension.originID, origin.id)
        archive.chunk.writer.endMessage(start)
        return next
    }

    private mutating func layOutScope(_ producer: Producer, _ range: Range<Int>) {
        typealias Field = OTLPField.ScopeSpans
        let start = archive.chunk.writer.beginMessage(OTLPField.ResourceSpans.scopeSpans)
        if !producer.scope.isEmpty { archive.chunk.writer.field(Field.scope, producer.scope) }
        for index in range {
            let span = spans[Int(places[index])]
            guard span.change >= 0 else {
                let range = data.records[Int(span.record)].range
                archive.chunk.writer.field(Field.spans, data.bytes, range)
                continue
            }
            let (bytes, range) = content(of: span)
            archive.chunk.writer.field(
                Field.spans, changes[Int(span.change)].editing.applied(to: Array(bytes[range])))
        }
        if !producer.schemaURL.isEmpty {
            archive.chunk.writer.field(Field.schemaURL, producer.schemaURL)
        }
        let list = archive.chunk.writer.beginMessage(ArchiveFormat.Extension.provenance)
        for index in range {
            let span = spans[Int(places[index])]
            let record = data.records[Int(span.record)]
            let isDerived = span.change >= 0
            archive.chunk.writer.varint(
                isDerived
                    ? ArchiveFormat.Provenance.derived
                    : record.sequence + ArchiveFormat.Provenance.offset)
            archive.chunk.writer.varint(isDerived ? sealSequence(of: span) : UInt64(record.index))
        }
        archive.chunk.writer.endMessage(list)
        archive.chunk.writer.endMessage(start)
    }

    /// Lays out the records that spans of ``places`` were made of, and those that are twins of one.
    private mutating func layOutOriginals() {
        guard !changes.isEmpty || !twins.isEmpty else { return }
        // Twins refer to records by their number in the entry: first the spans, then the originals.
        var numbers: [UInt32: Int] = [:]
        for (number, place) in places.enumerated() where spans[Int(place)].change < 0 {
            numbers[spans[Int(place)].record] = number
        }
        var originals: [UInt32] = []
        for place in places where spans[Int(place)].change >= 0 {
            originals += changes[Int(spans[Int(place)].change)].originals
        }
        for (number, place) in originals.enumerated() {
            numbers[place] = places.count + number
            layOut(place, in: ArchiveFormat.Extension.original) { writer, bytes in
                writer.data(ArchivedRecord.Field.bytes, bytes)
            }
        }
        let twins = twins.compactMap { twin in numbers[twin.kept].map { ($0, twin.other) } }
        let sorted = twins.sorted { left, right in
            left.0 != right.0
                ? left.0 < right.0
                : Self.key(data.records[Int(left.1)]) < Self.key(data.records[Int(right.1)])
        }
        for (number, place) in sorted {
            layOut(place, in: ArchiveFormat.Extension.twin) { writer, _ in
                writer.uint64(ArchivedRecord.Field.number, UInt64(number))
            }
        }
    }

    private mutating func layOut(
        _ place: UInt32, in field: Int, _ body: (inout ProtobufWriter, ArraySlice<UInt8>) -> Void
    ) {
        typealias Field = ArchivedRecord.Field
        let record = data.records[Int(place)]
        let producer = data.producers[Int(record.producer)]
        archive.chunk.need(producer.origin)
        let start = archive.chunk.writer.beginMessage(field)
        archive.chunk.writer.data(Field.originID, producer.origin.id)
        archive.chunk.writer.field(Field.scope, producer.scope)
        archive.chunk.writer.field(Field.schemaURL, producer.schemaURL)
        archive.chunk.writer.uint64(Field.sequence, record.sequence)
        archive.chunk.writer.uint64(Field.index, UInt64(record.index))
        body(&archive.chunk.writer, data.bytes[record.range])
        archive.chunk.writer.endMessage(start)
    }

    /// Lays out records that can be in no trace, each once.
    mutating func setAside(_ start: Int, _ end: Int) {
        counts.seen += UInt64(end - start)
        // By provenance first, so that the same record of another copy is beside it.
        let sorted = data.order[start..<end].sorted { left, right in
            let (one, other) = (data.records[Int(left)], data.records[Int(right)])
            if one.kind != other.kind { return one.kind < other.kind }
            if Self.key(one) != Self.key(other) { return Self.key(one) < Self.key(other) }
            return data.bytes[one.range].lexicographicallyPrecedes(data.bytes[other.range])
        }
        var last: Record?
        for place in sorted {
            let record = data.records[Int(place)]
            if let last, last.kind == record.kind, Self.key(last) == Self.key(record),
                data.areEqual(last, record)
            {
                counts.accounting.replica += 1
                continue
            }
            last = record
            let reason = SetAsideReason.allCases[Int(record.kind)]
            counts.setAside[Int(record.kind)] += 1
            counts.digest &+= archive.setAside(
                QuarantinedRecord(
                    reason: reason, sequence: record.sequence, index: record.index,
                    originID: data.producers[Int(record.producer)].origin.id,
                    bytes: data.bytes[record.range]),
                of: data.producers[Int(record.producer)].origin)
        }
    }
}

/// How a trace is divided: equal ranges of the spans' scrambled ids, so that it depends on the size
/// of the trace alone.
struct TraceParts {
    /// A power of two.
    let count: Int
    private let bits: UInt64

    init(byteCount: Int) {
        var bits: UInt64 = 0
        while bits < 31, byteCount >> bits > ArchiveFormat.partBytesMax { bits += 1 }
        self.bits = bits
        count = 1 << bits
    }

    func part(of span: JoinedSpan) -> UInt32 {
        bits == 0 ? 0 : UInt32(truncatingIfNeeded: span.order >> (64 - bits))
    }
}

/// A record beside the spans of a trace: an original, or a twin of one.
enum ArchivedRecord {
    enum Field {
        static let originID = 1
        static let scope = 2
        static let schemaURL = 3
        static let sequence = 4
        static let index = 5
        /// Of an original.
        static let bytes = 6
        /// Of a twin: the number in the entry of the record whose bytes it shares.
        static let number = 7
    }
}

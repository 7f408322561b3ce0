import SpanLogFormat
import SpanLogStore

extension Scatterer {
    /// Takes all records of an archive, as they were before they were joined.
    mutating func add(_ archive: ArchiveReader) throws {
        try archive.forEachChunk { value, payload in
            try add(archived: value, payload)
        } quarantine: { value, payload in
            try add(quarantined: value, payload)
        }
    }

    private mutating func add(archived value: [UInt8], _ payload: Range<Int>) throws {
        var origins = ArchivedOrigins(in: value, payload)
        var reader = ProtobufReader(value, payload)
        while let field = try reader.next() {
            guard field.number == ArchiveFormat.Chunk.entry else { continue }
            try add(entry: try reader.range(field.value), of: value, &origins)
        }
    }

    private mutating func add(
        entry range: Range<Int>, of value: [UInt8], _ origins: inout ArchivedOrigins
    ) throws {
        // The records of the entry by their numbers: first the spans, then the originals.
        var records: [Range<Int>] = []
        let places = SpanPlaces(in: value.span, range)
        guard !places.isBrokenOff else { throw FormatError("a trace cannot be decoded") }
        for group in places.groups {
            try forgetProducersIfMany()
            try add(group, places, of: value, &origins)
        }
        records += places.spans
        var twins: [ArchivedRecordReader] = []
        var reader = ProtobufReader(value, range)
        while let field = try reader.next() {
            typealias Extension = ArchiveFormat.Extension
            guard field.number == Extension.original || field.number == Extension.twin else {
                continue
            }
            let record = try ArchivedRecordReader(value, try reader.range(field.value))
            guard field.number == Extension.original else {
                twins.append(record)
                continue
            }
            records.append(record.bytes)
            try add(record, record.bytes, of: value, &origins)
        }
        for twin in twins {
            guard twin.number < records.count else {
                throw FormatError("a twin refers to no record")
            }
            try add(twin, records[twin.number], of: value, &origins)
        }
    }

    private mutating func add(
        _ group: SpanPlaces.Group, _ places: SpanPlaces, of value: [UInt8],
        _ origins: inout ArchivedOrigins
    ) throws {
        let origin = try origins.origin(of: group, in: value).origin
        let producer = number(
            of: Producer(
                origin: origin, scope: Array(value[group.scope]),
                schemaURL: Array(value[group.scopeSchema])))
        let provenance = try Provenance.decode(value, group)
        guard provenance.count == 2 * group.spans.count else {
            throw FormatError("a group of spans does not say where they were found")
        }
        for (offset, index) in group.spans.enumerated()
        where provenance[2 * offset] != ArchiveFormat.Provenance.derived {
            let place = RecordPlace(
                sequence: provenance[2 * offset] - ArchiveFormat.Provenance.offset,
                index: UInt32(truncatingIfNeeded: provenance[2 * offset + 1]),
                producer: producer, traits: .isFromArchive)
            try add(value, places.spans[index], place)
        }
    }

    private mutating func add(
        _ record: ArchivedRecordReader, _ bytes: Range<Int>, of value: [UInt8],
        _ origins: inout ArchivedOrigins
    ) throws {
        let origin = try origins.origin(record.originID, in: value).origin
        let producer = number(
            of: Producer(
                origin: origin,
                scope: record.scope, schemaURL: record.schemaURL))
        let place = RecordPlace(
            sequence: record.sequence, index: record.index, producer: producer,
            traits: .isFromArchive)
        try add(value, bytes, place)
    }

    private mutating func add(quarantined value: [UInt8], _ payload: Range<Int>) throws {
        var origins = ArchivedOrigins(in: value, payload)
        var reader = ProtobufReader(value, payload)
        while let field = try reader.next() {
            guard field.number == ArchiveFormat.Chunk.entry else { continue }
            let record = try QuarantinedRecordReader(value, try reader.range(field.value))
            let origin = try origins.origin(record.originID, in: value).origin
            let producer = number(of: Producer(origin: origin, scope: [], schemaURL: []))
            let place = RecordPlace(
                sequence: record.sequence, index: record.index, producer: producer,
                traits: .isFromArchive)
            try setAside(record.reason, value, record.bytes, place)
        }
    }
}

/// An original or a twin, as ``ArchivedRecord`` describes it.
private struct ArchivedRecordReader {
    var originID: [UInt8] = []
    var scope: [UInt8] = []
    var schemaURL: [UInt8] = []
    var sequence: UInt64 = 0
    var index: UInt32 = 0
    var bytes = 0..<0
    var number = 0

    init(_ content: [UInt8], _ range: Range<Int>) throws {
        typealias Field = ArchivedRecord.Field
        var reader = ProtobufReader(content, range)
        while let field = try reader.next() {
            let value = field.value
            switch field.number {
            case Field.originID: originID = Array(content[try reader.range(value)])
            case Field.scope: scope = Array(content[try reader.range(value)])
            case Field.schemaURL: schemaURL = Array(content[try reader.range(value)])
            case Field.sequence: sequence = min(try reader.number(value), .max - 1)
            case Field.index: index = UInt32(truncatingIfNeeded: try reader.number(value))
            case Field.bytes: bytes = try reader.range(value)
            case Field.number: number = Int(clamping: try reader.number(value))
            default: break
            }
        }
    }
}

/// An entry of the table `quarantine`.
private struct QuarantinedRecordReader {
    var reason = SetAsideReason.undecodableSpan
    var originID: [UInt8] = []
    var sequence: UInt64 = 0
    var index: UInt32 = 0
    var bytes = 0..<0

    init(_ content: [UInt8], _ range: Range<Int>) throws {
        typealias Field = QuarantinedRecord.Field
        var reader = ProtobufReader(content, range)
        while let field = try reader.next() {
            let value = field.value
            switch field.number {
            case Field.reasonNumber:
                reason =
                    SetAsideReason(rawValue: UInt8(clamping: try reader.number(value))) ?? reason
            case Field.originID: originID = Array(content[try reader.range(value)])
            case Field.sequence: sequence = min(try reader.number(value), .max - 1)
            case Field.index: index = UInt32(truncatingIfNeeded: try reader.number(value))
            case Field.bytes: bytes = try reader.range(value)
            default: break
            }
        }
    }
}

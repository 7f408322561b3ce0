import SpanLogFormat

/// Puts a trace together from the chunks that hold its parts.
struct TraceDecoder {
    private let id: TraceID
    private let key: [UInt8]
    private var spans: [ArchivedSpan] = []
    private var clocks: ClockReading?

    /// - Parameter clocks: What corrects times, or `nil` to leave them as they were recorded.
    init(_ id: TraceID, _ clocks: ClockReading? = nil) {
        self.id = id
        self.clocks = clocks
        key = ArchiveFormat.traceKey(id)
    }

    /// The trace, or `nil` if no chunk held a part of it.
    var trace: ArchivedTrace? {
        guard !spans.isEmpty else { return nil }
        let cut = clocks == nil ? spans : CycleCut.corrected(spans)
        let sorted = cut.sorted { left, right in
            (left.record.startNanoseconds, left.record.spanID, left.recorderID)
                < (right.record.startNanoseconds, right.record.spanID, right.recorderID)
        }
        return ArchivedTrace(id: id, spans: sorted)
    }

    /// Takes what a chunk has of the trace.
    ///
    /// - Returns: Whether the next chunk may have more.
    mutating func add(_ value: [UInt8]) throws -> Bool {
        let content = try ArchiveChunk.content(of: value)
        let bytes = content.bytes
        var entries: [Range<Int>] = []
        var origins = ArchivedOrigins()
        var mayContinue = true
        var reader = ProtobufReader(bytes, content.payload)
        while let field = try reader.next() {
            let range = try reader.range(field.value)
            guard field.number == ArchiveFormat.Chunk.entry else {
                origins.places.append(range)
                continue
            }
            let found = try ArchivedEntry.traceID(in: bytes, range)
            if found == id { entries.append(range) }
            mayContinue =
                !key.lexicographicallyPrecedes(ArchiveFormat.traceKey(found)) || found == id
        }
        for range in entries { try add(bytes, range, &origins) }
        return mayContinue
    }

    private mutating func add(
        _ bytes: [UInt8], _ range: Range<Int>, _ origins: inout ArchivedOrigins
    ) throws {
        let places = SpanPlaces(in: bytes.span, range)
        guard !places.isBrokenOff else { throw FormatError("a trace cannot be decoded") }
        for group in places.groups {
            let origin = try origins.origin(of: group, in: bytes)
            let correction = clocks?.correction(of: origin.origin)
            let seals = try correction.map { try sealSequences($0, group, bytes) } ?? []
            for (offset, index) in group.spans.enumerated() {
                var record = try SpanRecord(decoding: bytes, places.spans[index])
                let seal =
                    try seals.isEmpty
                    ? nil : clocks?.seal(origin.origin.recorder, seals[offset])
                let clock = correction?.correct(&record, seal)
                spans.append(
                    ArchivedSpan(
                        record: record, resource: origin.resource,
                        recorderID: origin.recorderID, clock: clock))
            }
        }
    }
}

extension TraceDecoder {
    /// Of each span of a group, the block that tells when it was sealed, plus 1; none if that does not
    /// matter, since the clock was never set.
    private func sealSequences(
        _ correction: DomainCorrection, _ group: SpanPlaces.Group, _ bytes: [UInt8]
    ) throws -> [UInt64] {
        guard correction.line.pieces.count > 1 else { return [] }
        let provenance = try Provenance.decode(bytes, group)
        guard provenance.count == 2 * group.spans.count else {
            throw FormatError("a group of spans does not say where they were found")
        }
        typealias Number = ArchiveFormat.Provenance
        return stride(from: 0, to: provenance.count, by: 2).map { place in
            provenance[place] == Number.derived
                ? provenance[place + 1] : provenance[place] - Number.offset
        }
    }
}

/// An entry of the table `traces`.
enum ArchivedEntry {
    static func traceID(in bytes: [UInt8], _ range: Range<Int>) throws -> TraceID {
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            guard field.number == ArchiveFormat.Extension.traceID else { continue }
            return try reader.traceID(field.value)
        }
        throw FormatError("a trace does not say which it is")
    }
}

/// The origins that a chunk names, decoded when they are asked for.
struct ArchivedOrigins {
    /// Where they stand in the chunk.
    var places: [Range<Int>] = []
    private var decoded: [[UInt8]: Decoded]?

    struct Decoded {
        let origin: Origin
        let resource: Resource
        var recorderID: RecorderID { origin.recorderID }
    }

    init() {}

    /// The origins of the chunk that `payload` of `value` is.
    init(in value: [UInt8], _ payload: Range<Int>) {
        var reader = ProtobufReader(value, payload)
        while let field = try? reader.next() {
            guard field.number == ArchiveFormat.Chunk.origin else { continue }
            if let range = try? reader.range(field.value) { places.append(range) }
        }
    }

    /// The origin of the spans of `group`.
    mutating func origin(of group: SpanPlaces.Group, in bytes: [UInt8]) throws -> Decoded {
        var reader = ProtobufReader(bytes, group.resourceSpans)
        while let field = try reader.next() {
            guard field.number == ArchiveFormat.Extension.originID else { continue }
            return try origin(Array(bytes[try reader.range(field.value)]), in: bytes)
        }
        throw FormatError("a group of spans does not say which recorder wrote it")
    }

    /// The origin of this identifier.
    mutating func origin(_ id: [UInt8], in bytes: [UInt8]) throws -> Decoded {
        let decoded = try self.decoded ?? decodeAll(bytes)
        self.decoded = decoded
        guard let origin = decoded[id] else {
            throw FormatError("a chunk does not say what one of its origins is")
        }
        return origin
    }

    private func decodeAll(_ bytes: [UInt8]) throws -> [[UInt8]: Decoded] {
        var decoded: [[UInt8]: Decoded] = [:]
        for place in places {
            let origin = try Origin.decode(bytes, place)
            decoded[origin.id] = Decoded(
                origin: origin, resource: try Resource(decoding: origin.resource))
        }
        return decoded
    }
}

import SpanLogFormat

/// Puts a trace together from the entries that say where its records are.
struct TraceDecoder {
    private let id: TraceID
    private let key: [UInt8]
    private var spans: [ArchivedTraceEntry.Span] = []

    init(_ id: TraceID) {
        self.id = id
        key = ArchiveFormat.traceKey(id)
    }

    /// Takes what a chunk has of the trace.
    ///
    /// - Returns: Whether the next chunk may have more.
    mutating func add(_ value: [UInt8]) throws -> Bool {
        let content = try ArchiveChunk.content(of: value)
        var mayContinue = true
        var reader = ProtobufReader(content.bytes, content.payload)
        while let field = try reader.next() {
            guard field.number == ArchiveFormat.Chunk.entry else { continue }
            let range = try reader.range(field.value)
            let found = try ArchivedTraceEntry.traceID(in: content.bytes, range)
            if found == id {
                spans += try ArchivedTraceEntry.spans(in: content.bytes, range)
            }
            mayContinue =
                !key.lexicographicallyPrecedes(ArchiveFormat.traceKey(found)) || found == id
        }
        return mayContinue
    }

    /// The trace, or `nil` if no chunk held a part of it.
    ///
    /// - Parameter clocks: What corrects times, or `nil` to leave them as they were recorded.
    consuming func trace(
        _ blocks: ArchivedBlocks, _ clocks: ClockReading?
    ) throws -> ArchivedTrace? {
        guard !spans.isEmpty else { return nil }
        // Each block is read once, even if all of them have no room in memory.
        spans.sort { $0.first < $1.first }
        var clocks = clocks
        var decoded: [ArchivedSpan] = []
        decoded.reserveCapacity(spans.count)
        for span in spans { decoded.append(try decode(span, blocks, &clocks)) }
        let cut = clocks == nil ? decoded : CycleCut.corrected(decoded)
        let sorted = cut.sorted { left, right in
            (left.record.startNanoseconds, left.record.spanID, left.recorderID)
                < (right.record.startNanoseconds, right.record.spanID, right.recorderID)
        }
        return ArchivedTrace(id: id, spans: sorted)
    }

    private func decode(
        _ span: ArchivedTraceEntry.Span, _ blocks: ArchivedBlocks, _ clocks: inout ClockReading?
    ) throws -> ArchivedSpan {
        let first = try blocks.block(span.first.block)
        var (record, origin) = try first.record(span.first.index)
        var sequence = first.sequence
        if let change = span.change {
            var versions = [record]
            for place in change.others {
                let block = try blocks.block(place.block)
                versions.append(try block.record(place.index).0)
                sequence = max(sequence, block.sequence)
            }
            if versions.count > 1 { record = SpanJoining(versions: versions).joined() }
            record = change.changed(record)
        }
        record.traceID = id
        var clock: SpanClock?
        if let correction = clocks?.correction(of: origin.origin) {
            // When it was sealed does not matter if the clock was never set.
            let seal =
                correction.line.pieces.count > 1
                ? try clocks?.seal(origin.origin.recorder, sequence) : nil
            clock = correction.correct(&record, seal)
        }
        return ArchivedSpan(
            record: record, resource: origin.resource, recorderID: origin.origin.recorderID,
            clock: clock)
    }
}

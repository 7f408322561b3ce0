import SpanLogFormat

/// The tables of an archive. FileFormat in SpanLog's documentation describes every byte.
enum ArchiveFormat {
    /// `format` → "spanlog-archive 3"; `report` → a chunk with the merge's report as JSON; `clocks` → a
    /// chunk with the corrections of clocks.
    static let meta = "meta"
    /// ``traceKey(_:part:)`` of the last trace of a chunk → the chunk.
    static let traces = "traces"
    /// ``indexKey(start:_:)`` of the last summary of a chunk → the chunk.
    static let index = "index"
    /// A number → a chunk of records that no tree can hold, with their reasons.
    static let quarantine = "quarantine"
    /// The id of the last boot of a chunk → the chunk of ``ArchivedAnchors``.
    static let anchors = "anchors"
    /// ``sealKey(_:_:)`` of the last block of a chunk → the chunk of ``ArchivedSeals``.
    static let seals = "seals"

    static let formatKey = Array("format".utf8)
    static let format = Array("spanlog-archive 3".utf8)
    static let reportKey = Array("report".utf8)
    static let clocksKey = Array("clocks".utf8)

    /// Traces stand in the order of their scrambled ids: partitions of equal size are ranges of it.
    static func traceKey(_ id: TraceID, part: UInt32 = 0) -> [UInt8] {
        Mix.mix(id.low).bigEndianBytes + id.bytes + part.bigEndianBytes
    }

    static func indexKey(start: UInt64, _ id: TraceID) -> [UInt8] {
        start.bigEndianBytes + id.bytes
    }

    static func sealKey(_ recorder: UInt128, _ sequence: UInt64) -> [UInt8] {
        recorder.bigEndianBytes + sequence.bigEndianBytes
    }

    /// Fields of a chunk's payload.
    enum Chunk {
        static let entry = 1
        static let origin = 2
    }

    /// Fields that OTLP does not use, whose parsers pass them over.
    enum Extension {
        /// Of `ResourceSpans`: the identifier of the origin.
        static let originID = 15_000
        /// Of an entry of `traces`, which is a `TracesData` otherwise: the trace's id.
        static let traceID = 15_001
        /// Of the same: the number of the part, absent for 0.
        static let part = 15_002
        /// Of `ScopeSpans`: two packed numbers for each span, its provenance.
        static let provenance = 15_003
        /// Of an entry of `traces`: where else a record was found.
        static let twin = 15_004
        /// Of an entry of `traces`: a record that is in a span which was joined or changed.
        static let original = 15_005
    }

    /// The first number of a span's provenance.
    enum Provenance {
        /// The span was made of the originals beside it. The second number is the greatest sequence of
        /// theirs, plus 1.
        static let derived: UInt64 = 0
        /// Added to a record's sequence, which is 0 for a span that was open.
        static let offset: UInt64 = 1
    }

    /// A chunk's payload is about as long as this, unless a single entry is longer.
    static let chunkBytesMax = 256 << 10
    static let indexChunkBytesMax = 64 << 10
    static let clockChunkBytesMax = 64 << 10
    /// The blocks of an entry of `seals`.
    static let sealsPerEntryMax = 4096
    /// A trace that is longer is stored in parts.
    static let partBytesMax = 1 << 20
}

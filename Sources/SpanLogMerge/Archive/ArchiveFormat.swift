import SpanLogFormat
import SpanLogStore

/// The tables of an archive. FileFormat in SpanLog's documentation describes every byte.
enum ArchiveFormat {
    /// `format` → "spanlog-archive 4"; `report` → a chunk with the merge's report as JSON; `clocks` → a
    /// chunk with the corrections of clocks.
    static let meta = ArchiveFile.metaTable
    /// A number → a block, as it is stored in a store.
    static let blocks = ArchiveFile.blocksTable
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

    static let formatKey = ArchiveFile.formatKey
    static let format = ArchiveFile.format
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
    }

    /// Fields of an entry of `traces`.
    enum Trace {
        static let id = 1
        /// Absent for 0.
        static let part = 2
        static let spans = 3
        static let changedSpan = 4
        static let twins = 5
    }

    /// Fields of a span that was joined or changed.
    enum ChangedSpan {
        static let records = 1
        static let id = 2
        static let parentID = 3
        static let attributes = 4
    }

    /// A chunk's payload is about as long as this, unless a single entry is longer.
    static let chunkBytesMax = 32 << 10
    static let indexChunkBytesMax = 64 << 10
    static let clockChunkBytesMax = 64 << 10
    /// The blocks of an entry of `seals`.
    static let sealsPerEntryMax = 4096
    /// A trace of more spans is stored in parts.
    static let partSpansMax = 1 << 14
}

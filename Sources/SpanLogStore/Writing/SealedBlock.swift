import SpanLogFormat

/// A block as it is stored.
struct SealedBlock: Sendable {
    /// What it stands under: its number, and before that its recorder where there are several.
    let key: [UInt8]
    let bytes: [UInt8]

    /// A block in a segment of its own recorder.
    init(sequence: UInt64, bytes: [UInt8]) {
        key = sequence.bigEndianBytes
        self.bytes = bytes
    }

    /// A block in a segment that holds blocks of several recorders.
    init(_ name: BlockName, bytes: [UInt8]) {
        key = name.key
        self.bytes = bytes
    }
}

import SpanLogFormat

/// What makes a block the same block wherever it is found.
struct BlockName: Hashable, Sendable {
    let recorderID: RecorderID
    let sequence: UInt64

    init(recorderID: RecorderID, sequence: UInt64) {
        self.recorderID = recorderID
        self.sequence = sequence
    }

    init(_ header: BlockHeader) {
        self.init(recorderID: header.recorderID, sequence: header.sequence)
    }

    /// The key in a segment that holds blocks of several recorders.
    var key: [UInt8] { recorderID.bytes + sequence.bigEndianBytes }
}

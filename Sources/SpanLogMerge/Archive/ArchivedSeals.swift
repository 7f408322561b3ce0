import SpanLogFormat

/// When blocks of one recorder were sealed, as an entry of the table `seals`.
struct ArchivedSeals {
    let recorder: UInt128
    private(set) var blocks: [SealTimes.Block] = []

    enum Field {
        static let recorderID = 1
        /// Packed: each block's sequence, and CLOCK_BOOTTIME when it was sealed, as differences to the
        /// block before.
        static let blocks = 2
    }

    init(_ blocks: [SealTimes.Block]) {
        recorder = blocks.first?.recorder ?? 0
        self.blocks = blocks
    }

    func encode(into writer: inout ProtobufWriter) {
        writer.data(Field.recorderID, recorder.bigEndianBytes)
        var (sequence, sealed): (UInt64, UInt64) = (0, 0)
        writer.message(Field.blocks) { writer in
            for block in blocks {
                writer.varint(block.sequence &- sequence)
                writer.varint(ZigZag.encoded(Int64(bitPattern: block.sealed &- sealed)))
                (sequence, sealed) = (block.sequence, block.sealed)
            }
        }
    }

    init(decoding bytes: [UInt8], _ range: Range<Int>) throws(FormatError) {
        var recorder: UInt128 = 0
        var reader = ProtobufReader(bytes, range)
        var lists: [Range<Int>] = []
        while let field = try reader.next() {
            switch field.number {
            case Field.recorderID:
                recorder = UInt128(bigEndianBytes: bytes[try reader.range(field.value)].prefix(16))
            case Field.blocks: lists.append(try reader.range(field.value))
            default: break
            }
        }
        self.recorder = recorder
        for range in lists {
            var list = ProtobufReader(bytes, range)
            var (sequence, sealed): (UInt64, UInt64) = (0, 0)
            while let number = try list.nextVarint() {
                sequence &+= number
                sealed &+= UInt64(bitPattern: ZigZag.decoded(try list.nextVarint() ?? 0))
                blocks.append(.init(recorder: recorder, sequence: sequence, sealed: sealed))
            }
        }
    }
}

/// The fixed header in front of a block's payload; `docs` of SpanLogStore has it byte by byte.
public struct BlockHeader: Hashable, Sendable {
    /// The recorder that wrote the block.
    public var recorderID: RecorderID
    /// The block's number among all blocks of its recorder, dense from 0.
    public var sequence: UInt64
    /// How the payload is compressed.
    public var codec = Codec.none
    /// The number of spans in the payload.
    public var spanCount: UInt32
    /// The bytes of the payload as it is stored.
    public var storedByteCount: UInt64
    /// The bytes of the payload once it is decompressed.
    public var payloadByteCount: UInt64
    /// The least start of the block's spans, in nanoseconds since 1970.
    public var earliestNanoseconds: UInt64
    /// The greatest end of the block's spans, in nanoseconds since 1970.
    public var latestNanoseconds: UInt64
    /// The clocks when the block was sealed.
    public var anchor: ClockAnchor
    /// What the recorder had lost when the block was sealed.
    public var drops: DropCounters
    /// Whether somebody else received the spans once they had ended and wrote them here, so that
    /// when blocks were sealed does not tell when their spans ended.
    public var isReceived = false

    /// How a payload is compressed.
    public enum Codec: UInt8, Hashable, Sendable {
        /// As it is.
        case none = 0
        /// One Zstandard frame, which says how long its content is.
        case zstd = 1
    }

    package init(
        recorderID: RecorderID, sequence: UInt64, spanCount: UInt32, payloadByteCount: UInt64,
        earliestNanoseconds: UInt64, latestNanoseconds: UInt64, anchor: ClockAnchor,
        drops: DropCounters
    ) {
        self.recorderID = recorderID
        self.sequence = sequence
        self.spanCount = spanCount
        storedByteCount = payloadByteCount
        self.payloadByteCount = payloadByteCount
        self.earliestNanoseconds = earliestNanoseconds
        self.latestNanoseconds = latestNanoseconds
        self.anchor = anchor
        self.drops = drops
    }
}

extension BlockHeader {
    /// The first eight bytes of each block.
    package static let magic = Array("SPLGBLK1".utf8)
    /// The bytes from the start of a block to its payload.
    package static let byteCount = 192
    /// The version of the format that this code writes, and the newest that it reads.
    package static let version: UInt16 = 1
    /// Where the checksum stands; it covers everything behind itself up to the payload's end.
    package static let checksumRange = 8..<16
    /// A payload longer than this is refused when reading, whatever its header says.
    package static let payloadByteCountMax: UInt64 = 1 << 31
    /// A payload that is said to be longer than this many times its stored bytes is refused, so
    /// that a small forged file cannot fill the memory; writers store it as it is.
    package static let compressionRatioMax: UInt64 = 1024

    /// Whether a payload may have these lengths if it is compressed.
    package static func isPlausible(stored: UInt64, payload: UInt64) -> Bool {
        payload / compressionRatioMax <= stored
    }

    /// The header with a checksum of zero, which the caller fills in once the payload follows.
    package func encoded() -> [UInt8] {
        var bytes = Self.magic
        bytes += UInt64(0).littleEndianBytes
        bytes += Self.version.littleEndianBytes
        bytes += [codec.rawValue, isReceived ? Self.receivedFlag : 0]
        bytes += UInt32(Self.byteCount).littleEndianBytes
        bytes += sequence.littleEndianBytes
        bytes += recorderID.bytes
        bytes += anchor.bootID
        bytes += spanCount.littleEndianBytes
        bytes += UInt32(0).littleEndianBytes
        let numbers = [
            storedByteCount, payloadByteCount, earliestNanoseconds, latestNanoseconds,
            anchor.realtimeNanoseconds, anchor.boottimeNanoseconds, anchor.uncertaintyNanoseconds,
        ]
        for number in numbers + drops.all { bytes += number.littleEndianBytes }
        bytes += Array(repeating: 0, count: Self.byteCount - bytes.count)
        return bytes
    }

    /// Reads a header, without looking at the checksum.
    ///
    /// - Throws: ``FormatError`` if the bytes are no header of a version that this code knows.
    package init(decoding bytes: ArraySlice<UInt8>) throws(FormatError) {
        guard bytes.count >= Self.byteCount, bytes.starts(with: Self.magic) else {
            throw FormatError("this is no block: it does not begin as one")
        }
        let version = UInt16(littleEndianIn: bytes, at: 16)
        guard version == Self.version else {
            throw FormatError("the block has format \(version); this version reads 1")
        }
        guard UInt32(littleEndianIn: bytes, at: 20) == UInt32(Self.byteCount) else {
            throw FormatError("the block's header has an impossible length")
        }
        guard let codec = Codec(rawValue: bytes[bytes.startIndex + 18]) else {
            throw FormatError("the block is compressed by an unknown codec")
        }
        func number(_ index: Int) -> UInt64 {
            UInt64(littleEndianIn: bytes, at: 72 + 8 * index)
        }
        func slice(_ offset: Int) -> [UInt8] {
            Array(bytes.dropFirst(offset).prefix(16))
        }
        guard let recorderID = RecorderID(bytes: slice(32)),
            number(0) <= Self.payloadByteCountMax, number(1) <= Self.payloadByteCountMax
        else {
            throw FormatError("the block's payload has an impossible length")
        }
        guard
            codec == .none
                ? number(0) == number(1)
                : Self.isPlausible(stored: number(0), payload: number(1))
        else {
            throw FormatError("the block's two lengths of the payload contradict each other")
        }
        let drops = DropCounters((7..<13).map(number))
        self.init(
            recorderID: recorderID, sequence: UInt64(littleEndianIn: bytes, at: 24),
            spanCount: UInt32(littleEndianIn: bytes, at: 64), payloadByteCount: number(1),
            earliestNanoseconds: number(2), latestNanoseconds: number(3),
            anchor: ClockAnchor(
                bootID: slice(48), realtimeNanoseconds: number(4),
                boottimeNanoseconds: number(5), uncertaintyNanoseconds: number(6)),
            drops: drops)
        self.codec = codec
        storedByteCount = number(0)
        isReceived = bytes[bytes.startIndex + 19] & Self.receivedFlag != 0
    }

    private static let receivedFlag: UInt8 = 1
}

import SpanLogFormat
import SpanLogStore

/// A value of an archive: a header with a checksum, a payload, and zeros up to what LMDB keeps on
/// whole pages.
///
/// Many traces share a value, so that a tree stays small, compression pays, and no page is half
/// empty.
enum ArchiveChunk {
    static let magic = Array("SPLGARC2".utf8)
    static let headerByteCount = 40
    /// A payload longer than this is refused when reading.
    static let payloadByteCountMax: UInt64 = 1 << 32

    /// How a payload is stored.
    enum Codec: UInt8 {
        case none = 0
    }

    /// Room for a header, to be followed by a payload and ``seal(_:)``.
    static func begin() -> [UInt8] {
        Array(repeating: 0, count: headerByteCount)
    }

    /// Fills in the header in front of the payload, and pads the value.
    static func seal(_ value: inout [UInt8]) {
        let end = value.count
        let payloadByteCount = UInt64(end - headerByteCount)
        var header = magic + UInt64(0).littleEndianBytes
        header += [Codec.none.rawValue, 0, 0, 0] + UInt32(headerByteCount).littleEndianBytes
        header += payloadByteCount.littleEndianBytes + payloadByteCount.littleEndianBytes
        value.replaceSubrange(0..<headerByteCount, with: header)
        let checksum = Checksum.xxh3(value, 16..<end)
        value.replaceSubrange(8..<16, with: checksum.littleEndianBytes)
        let pages = (end + pageHeaderByteCount + pageByteCount - 1) / pageByteCount
        value += repeatElement(0, count: pages * pageByteCount - pageHeaderByteCount - end)
    }

    /// Where the payload of `value` stands.
    ///
    /// - Throws: ``FormatError`` if the value is no chunk or not as it was written.
    static func payload(of value: [UInt8]) throws(FormatError) -> Range<Int> {
        guard value.count >= headerByteCount, value.starts(with: magic) else {
            throw FormatError("a value is no chunk: it does not begin as one")
        }
        guard Codec(rawValue: value[16]) != nil else {
            throw FormatError("a chunk is compressed by an unknown codec")
        }
        let byteCount = UInt64(littleEndianIn: value, at: 24)
        guard UInt32(littleEndianIn: value, at: 20) == UInt32(headerByteCount),
            byteCount <= payloadByteCountMax, byteCount <= UInt64(value.count - headerByteCount)
        else { throw FormatError("a chunk is cut off") }
        let range = headerByteCount..<headerByteCount + Int(byteCount)
        guard
            Checksum.xxh3(value, 16..<range.upperBound)
                == UInt64(littleEndianIn: value, at: 8)
        else { throw FormatError("a chunk's checksum does not match its bytes") }
        return range
    }

    private static let pageByteCount = 4096
    private static let pageHeaderByteCount = 16
}

extension ProtobufWriter {
    /// Begins a message of any length that need not be moved: its length takes five bytes,
    /// whatever it is, which Protocol Buffers allow.
    ///
    /// - Returns: What ``endMessage(_:)`` wants to hear.
    @inline(__always)
    mutating func beginMessage(_ field: Int) -> Int {
        tag(field, .lengthDelimited)
        for _ in 0..<Self.lengthByteCount { bytes.append(0) }
        return bytes.count
    }

    /// Ends the message whose content begins at `start`.
    @inline(__always)
    mutating func endMessage(_ start: Int) {
        var rest = bytes.count - start
        for index in 0..<Self.lengthByteCount {
            let more: UInt8 = index < Self.lengthByteCount - 1 ? 0x80 : 0
            bytes[start - Self.lengthByteCount + index] =
                UInt8(truncatingIfNeeded: rest & 0x7F) | more
            rest >>= 7
        }
    }

    /// Appends a field whose content is a range of `content`.
    ///
    /// The general one of SpanLogFormat is not specialised across modules, and five times slower.
    @inline(__always)
    mutating func field(_ field: Int, _ content: [UInt8], _ range: Range<Int>) {
        tag(field, .lengthDelimited)
        varint(UInt64(range.count))
        bytes.append(contentsOf: content[range])
    }

    @inline(__always)
    mutating func field(_ field: Int, _ content: [UInt8]) {
        tag(field, .lengthDelimited)
        varint(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    @inline(__always)
    mutating func field(_ field: Int, _ id: TraceID) {
        tag(field, .lengthDelimited)
        bytes.append(UInt8(TraceID.byteCount))
        for index in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: id.high >> UInt64(56 - 8 * index)))
        }
        for index in 0..<8 {
            bytes.append(UInt8(truncatingIfNeeded: id.low >> UInt64(56 - 8 * index)))
        }
    }

    private static var lengthByteCount: Int { 5 }
}

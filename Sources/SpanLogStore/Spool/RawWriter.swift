/// Writes Protocol Buffers fields into memory whose size the caller has checked.
///
/// The hot path of recording: it neither allocates nor checks, so that an attribute costs a few
/// nanoseconds.
@unsafe
struct RawWriter {
    private(set) var position: UnsafeMutablePointer<UInt8>

    init(_ position: UnsafeMutablePointer<UInt8>) {
        unsafe self.position = position
    }

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        unsafe position.pointee = value
        unsafe position += 1
    }

    @inline(__always)
    mutating func varint(_ value: UInt64) {
        if value < 0x80 {
            unsafe byte(UInt8(truncatingIfNeeded: value))
        } else {
            unsafe longVarint(value)
        }
    }

    private mutating func longVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            unsafe byte(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        unsafe byte(UInt8(truncatingIfNeeded: rest))
    }

    @inline(__always)
    mutating func number<Number: FixedWidthInteger>(_ value: Number) {
        let size = MemoryLayout<Number>.size
        unsafe UnsafeMutableRawPointer(position).storeBytes(
            of: value.littleEndian, as: Number.self)
        unsafe position += size
    }

    @inline(__always)
    mutating func bytes(_ buffer: UnsafeBufferPointer<UInt8>) {
        guard let start = buffer.baseAddress else { return }
        let count = buffer.count
        if count >= 8, count <= 16 {
            // Most keys and many values: two overlapping words cost less than a call.
            let (source, target) = unsafe (
                UnsafeRawPointer(start), UnsafeMutableRawPointer(position)
            )
            let head = unsafe source.loadUnaligned(as: UInt64.self)
            let tail = unsafe (source + (count &- 8)).loadUnaligned(as: UInt64.self)
            unsafe target.storeBytes(of: head, as: UInt64.self)
            unsafe (target + (count &- 8)).storeBytes(of: tail, as: UInt64.self)
        } else {
            unsafe position.update(from: start, count: count)
        }
        unsafe position += count
    }
}

extension RawWriter {
    /// Writes a text in UTF-8.
    @inline(__always)
    mutating func text(_ text: String) {
        let isDone: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { bytes in
            unsafe self.bytes(bytes)
        }
        if isDone == nil { unsafe foreignText(text) }
    }

    @inline(never)
    private mutating func foreignText(_ text: String) {
        for unit in text.utf8 { unsafe byte(unit) }
    }
}

/// The length of Protocol Buffers' numbers.
enum Varint {
    /// The number of bytes that ``RawWriter/varint(_:)`` writes for `value`.
    @inline(__always)
    static func byteCount(_ value: Int) -> Int {
        value >= 0 && value < 0x80 ? 1 : (70 &- (value | 1).leadingZeroBitCount) / 7
    }
}

/// The tags of the fields that the hot path writes, each in one byte: the field's number and how
/// its value is spelled. ``SpanLogFormat/OTLPField`` names the fields; its constants would be
/// function calls here, in another module.
enum FieldTag {
    static let entry: UInt8 = 2 << 3 | 2
    static let traceID: UInt8 = 1 << 3 | 2
    static let spanID: UInt8 = 2 << 3 | 2
    static let traceState: UInt8 = 3 << 3 | 2
    static let parentSpanID: UInt8 = 4 << 3 | 2
    static let name: UInt8 = 5 << 3 | 2
    static let kind: UInt8 = 6 << 3 | 0
    static let start: UInt8 = 7 << 3 | 1
    static let end: UInt8 = 8 << 3 | 1
    static let attribute: UInt8 = 9 << 3 | 2
    /// Field 16 needs two bytes.
    static let flags: (UInt8, UInt8) = (0x80 | (16 << 3 | 5) & 0x7F, 1)
    static let key: UInt8 = 1 << 3 | 2
    static let value: UInt8 = 2 << 3 | 2
    static let string: UInt8 = 1 << 3 | 2
    static let bool: UInt8 = 2 << 3 | 0
    static let int: UInt8 = 3 << 3 | 0
    static let double: UInt8 = 4 << 3 | 1
}

/// Reads so many bytes of a source as are asked for.
struct ByteReader {
    private let source: any ByteSource
    private var buffer: [UInt8] = []
    private var position = 0
    /// The place of the next byte.
    private(set) var offset: UInt64 = 0

    init(_ source: any ByteSource) {
        self.source = source
    }

    /// The next `count` bytes, or `nil` if there is not one more.
    ///
    /// - Throws: ``SourceDamage`` if there are fewer.
    mutating func bytes(_ count: Int) throws -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(min(count, 1 << 20))
        while result.count < count {
            if position == buffer.count {
                guard let next = try source.next() else {
                    guard result.isEmpty else { throw SourceDamage("it is cut off") }
                    return nil
                }
                (buffer, position) = (next, 0)
            }
            let part = buffer[position...].prefix(count - result.count)
            result += part
            position += part.count
            offset += UInt64(part.count)
        }
        return result
    }

    /// Passes over `count` bytes.
    mutating func skip(_ count: UInt64) throws {
        var rest = count
        while rest > 0 {
            let part = min(rest, 1 << 20)
            guard try bytes(Int(part)) != nil else { throw SourceDamage("it is cut off") }
            rest -= part
        }
    }

    /// The next number of Protocol Buffers, or `nil` at the end.
    mutating func varint() throws -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = try bytes(1)?.first else {
                guard shift == 0 else { throw SourceDamage("it is cut off") }
                return nil
            }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw SourceDamage("a number has more than ten bytes")
    }
}

extension FixedWidthInteger {
    /// The number that `bytes` spell, most significant first. Bytes beyond its width push out others.
    package init(bigEndianBytes bytes: some Sequence<UInt8>) {
        self = bytes.reduce(0) { $0 << 8 | Self(truncatingIfNeeded: $1) }
    }

    /// The number that the bytes of `bytes` from `offset` spell, least significant first.
    ///
    /// - Precondition: `offset` plus the number's width lies within `bytes`.
    package init(littleEndianIn bytes: some RandomAccessCollection<UInt8>, at offset: Int) {
        let start = bytes.index(bytes.startIndex, offsetBy: offset)
        let end = bytes.index(start, offsetBy: Self.bitWidth / 8)
        self = bytes[start..<end].reversed().reduce(0) {
            $0 << 8 | Self(truncatingIfNeeded: $1)
        }
    }

    /// The bytes, most significant first.
    package var bigEndianBytes: [UInt8] { littleEndianBytes.reversed() }

    /// The bytes, least significant first.
    package var littleEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> Self($0 * 8)) }
    }
}

/// The 128-bit identifier that all spans of one trace share (W3C Trace Context, `trace-id`).
///
/// The description is the 32 lower-case hexadecimal digits that headers and OTLP's JSON use.
public struct TraceID: Hashable, Comparable, Sendable {
    /// The first eight bytes, as a big-endian number.
    public let high: UInt64
    /// The last eight bytes, as a big-endian number. Ratio sampling decides by these.
    public let low: UInt64

    /// Creates an identifier from its two halves. Zero in both is not a valid identifier.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Creates an identifier from 32 lower-case hexadecimal digits.
    ///
    /// - Returns: `nil` for another length, other characters (upper case included), or all zeros.
    public init?(hexadecimal text: some StringProtocol) {
        self.init(hexadecimal: Array(text.utf8)[...])
    }

    /// Whether this is an identifier at all: W3C and OTLP reserve zero for "none".
    public var isValid: Bool { high | low != 0 }

    /// Orders identifiers as their bytes are ordered.
    public static func < (left: TraceID, right: TraceID) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }
}

extension TraceID: CustomStringConvertible {
    /// The 32 lower-case hexadecimal digits.
    public var description: String {
        String(decoding: Hexadecimal.digits(high) + Hexadecimal.digits(low), as: UTF8.self)
    }
}

extension TraceID {
    /// The number of bytes of an identifier in a file.
    package static let byteCount = 16

    package init?(hexadecimal digits: ArraySlice<UInt8>) {
        guard digits.count == 32,
            let high = Hexadecimal.number(digits.prefix(16)),
            let low = Hexadecimal.number(digits.suffix(16)),
            high | low != 0
        else { return nil }
        self.init(high: high, low: low)
    }

    /// Reads 16 bytes, most significant first.
    ///
    /// - Returns: `nil` for another length. Zero is accepted, since stored data may hold it.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(
            high: UInt64(bigEndianBytes: bytes.prefix(8)),
            low: UInt64(bigEndianBytes: bytes.dropFirst(8)))
    }

    package var bytes: [UInt8] { high.bigEndianBytes + low.bigEndianBytes }
}

/// The 64-bit identifier of a span within its trace (W3C Trace Context, `parent-id`).
///
/// The description is the 16 lower-case hexadecimal digits that headers and OTLP's JSON use.
public struct SpanID: Hashable, Comparable, Sendable {
    /// The eight bytes as a big-endian number.
    public let value: UInt64

    /// Creates an identifier from its number. Zero is not a valid identifier.
    public init(_ value: UInt64) {
        self.value = value
    }

    /// Creates an identifier from 16 lower-case hexadecimal digits.
    ///
    /// - Returns: `nil` for another length, other characters (upper case included), or all zeros.
    public init?(hexadecimal text: some StringProtocol) {
        self.init(hexadecimal: Array(text.utf8)[...])
    }

    /// Whether this is an identifier at all: W3C and OTLP reserve zero for "none".
    public var isValid: Bool { value != 0 }

    /// Orders identifiers as numbers.
    public static func < (left: SpanID, right: SpanID) -> Bool {
        left.value < right.value
    }
}

extension SpanID: CustomStringConvertible {
    /// The 16 lower-case hexadecimal digits.
    public var description: String {
        String(decoding: Hexadecimal.digits(value), as: UTF8.self)
    }
}

extension SpanID {
    /// The number of bytes of an identifier in a file.
    package static let byteCount = 8

    package init?(hexadecimal digits: ArraySlice<UInt8>) {
        guard let value = Hexadecimal.number(digits), value != 0 else { return nil }
        self.init(value)
    }

    /// Reads 8 bytes, most significant first.
    ///
    /// - Returns: `nil` for another length. Zero is accepted, since stored data may hold it.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(UInt64(bigEndianBytes: bytes))
    }

    package var bytes: [UInt8] { value.bigEndianBytes }
}

/// The random 128-bit name of one running process's writer.
public struct RecorderID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The 16 bytes, as the block header holds them.
    public let bytes: [UInt8]

    /// Creates an identifier from 16 bytes.
    ///
    /// - Returns: `nil` for another number of bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    /// Creates an identifier from 32 lower-case hexadecimal digits, as files are named.
    public init?(hexadecimal text: some StringProtocol) {
        guard let bytes = Hexadecimal.bytes(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// The 32 lower-case hexadecimal digits.
    public var description: String { Hexadecimal.string(bytes) }

    /// Orders identifiers as their bytes are ordered.
    public static func < (left: RecorderID, right: RecorderID) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    package static let byteCount = 16
}

internal import SpanLogFormat

/// What shares one clock, so that times taken in it can be compared without any correction.
///
/// On Linux that is a boot: the boot id is the same in all processes and containers of a kernel, and
/// so is the clock. Spans that came with wall times only, from elsewhere, have a domain for each
/// instance of their resource, since nothing says which instances share a host.
public struct ClockDomain: Hashable, Comparable, Sendable, Codable, CustomStringConvertible {
    /// `boot:` and 32 hexadecimal digits, or `instance:` and a name.
    public let name: String

    /// The text that ``description`` gives.
    public init(name: String) {
        self.name = name
    }

    /// The domain of a boot.
    ///
    /// - Returns: `nil` if `bootID` is all zeros, as where the kernel does not tell it, or no 16 bytes.
    public init?(bootID: [UInt8]) {
        guard bootID.count == 16, bootID.contains(where: { $0 != 0 }) else { return nil }
        name = "boot:" + Hexadecimal.string(bootID)
    }

    /// The domain of an instance of a resource.
    public init(instance: String) {
        name = "instance:" + instance
    }

    /// The name.
    public var description: String { name }

    /// Orders domains by the bytes of their names.
    public static func < (left: ClockDomain, right: ClockDomain) -> Bool {
        left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }

    /// Reads the name from a string.
    public init(from decoder: any Decoder) throws {
        name = try decoder.singleValueContainer().decode(String.self)
    }

    /// Writes the name as a string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}

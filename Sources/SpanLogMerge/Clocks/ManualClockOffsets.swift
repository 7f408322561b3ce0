import FoundationEssentials

/// Offsets of clocks that somebody measured, from a JSON file.
///
/// ```json
/// {
///   "format": "spanlog-clock 1",
///   "domains": {
///     "boot:0f3c…": { "offset_ns": -1250000, "bound_ns": 40000 },
///     "instance:planner": { "offset_ns": 3600000000000 }
///   }
/// }
/// ```
///
/// `offset_ns` is added to the domain's times, after steps of its clock were undone. `bound_ns` says
/// how far off that may be; without it the bound is unknown. A domain that is not named keeps its
/// times, with an unknown bound. The names are those that `spanlog clock` prints.
public struct ManualClockOffsets: Hashable, Sendable {
    /// What is known about each domain.
    public var domains: [ClockDomain: Offset]

    /// What is known about a domain.
    public struct Offset: Hashable, Sendable, Codable {
        /// What is added to the domain's times, in nanoseconds.
        public var offsetNanoseconds: Int64
        /// How far off the offset may be, in nanoseconds, or `nil` if nobody knows.
        public var boundNanoseconds: UInt64?

        /// Creates an offset.
        public init(offsetNanoseconds: Int64, boundNanoseconds: UInt64? = nil) {
            self.offsetNanoseconds = offsetNanoseconds
            self.boundNanoseconds = boundNanoseconds
        }

        private enum CodingKeys: String, CodingKey {
            case offsetNanoseconds = "offset_ns"
            case boundNanoseconds = "bound_ns"
        }
    }

    /// Creates offsets from values.
    public init(domains: [ClockDomain: Offset]) {
        self.domains = domains
    }

    /// Reads the JSON file's bytes.
    ///
    /// - Parameter name: What the file is called, for the error.
    /// - Throws: ``MergeError`` with code ``MergeError/Code/badClockFile`` if it is none.
    public init(json: [UInt8], name: String) throws(MergeError) {
        let file: File
        do {
            file = try JSONDecoder().decode(File.self, from: Data(json))
        } catch {
            throw MergeError(
                .badClockFile,
                "\(name) gives no offsets of clocks: it should be like {\"format\": \"\(Self.format)\""
                    + ", \"domains\": {\"boot:…\": {\"offset_ns\": 0, \"bound_ns\": 0}}}.",
                cause: error)
        }
        guard file.format == Self.format else {
            throw MergeError(
                .badClockFile,
                "\(name) has format \"\(file.format)\"; this version reads \"\(Self.format)\".")
        }
        domains = Dictionary(
            file.domains.map { (ClockDomain(name: $0.key), $0.value) },
            uniquingKeysWith: { first, _ in first })
    }

    private struct File: Decodable {
        let format: String
        let domains: [String: Offset]
    }

    private static let format = "spanlog-clock 1"
}

extension MergeError.Code {
    /// The file with offsets of clocks cannot be used.
    public static let badClockFile = MergeError.Code(description: "badClockFile")
}

import SpanLogFormat
import SpanLogStore

/// What an archive holds and what of it is damaged, as `spanlog verify` tells it.
public struct ArchiveReport: Sendable, Codable {
    /// The archive's file.
    public let path: String
    /// The bytes of the file.
    public internal(set) var byteCount: UInt64 = 0
    /// The blocks that are sound.
    public internal(set) var blockCount: UInt64 = 0
    /// The spans of the traces that could be read.
    public internal(set) var spanCount: UInt64 = 0
    /// The traces that could be read.
    public internal(set) var traceCount: UInt64 = 0
    /// The records that are in no trace, as far as they could be read.
    public internal(set) var quarantinedCount: UInt64 = 0
    /// What tells the contents of archives apart, by the word of the merge; of a sound archive it is
    /// also what the records give. Empty if it cannot be read.
    public internal(set) var digest = ""
    /// What could not be read. Empty for a sound archive.
    public internal(set) var damages: [Damage] = []

    /// Something in an archive that cannot be read as it was written.
    public struct Damage: Hashable, Sendable, Codable {
        /// The file.
        public let file: String
        /// Where in the file the damage is, or what is damaged begins; `nil` if it is no one place.
        public let byteOffset: UInt64?
        /// The table that what is damaged belongs to, if it is known.
        public let table: String?
        /// The key that it stands under, in hexadecimal, if it is known.
        public let key: String?
        /// The number of the block that is damaged or missing, if it is one.
        public let block: UInt64?
        /// The file, the place in it and what is wrong there, as a sentence.
        public let reason: String
    }

    /// Reads the whole archive and checks everything in it: each checksum, that each record that a trace
    /// names is there and can be decoded, and that all of them together give the archive's digest.
    ///
    /// - Throws: ``MergeError`` if there is no archive at `path`, its format is another one, or
    ///   temporary space cannot be written. Damage is no error.
    /// - Complexity: O(*n*) in the bytes of the archive. One value is in memory at a time, besides 64 MiB
    ///   of what is known of records, and a few bytes for each block; what is beyond that waits in
    ///   temporary space.
    public init(_ path: String) throws {
        var check = try ArchiveCheck(path)
        try check.run()
        self = check.report
    }

    init(path: String) {
        self.path = path
    }

    /// Whether everything is there and as it was written.
    public var isSound: Bool { damages.isEmpty }
}

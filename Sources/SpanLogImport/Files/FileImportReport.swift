/// What became of a file's spans.
///
/// Each span that was read is in one of three counts: `read = imported + alreadyThere + refused`.
public struct FileImportReport: Sendable, Codable, Hashable {
    /// The file's path, or what it is called.
    public let file: String
    /// What it holds.
    public let format: FileFormat
    /// The number of spans that are in the store now and were not before.
    public internal(set) var importedSpanCount: UInt64 = 0
    /// The number of spans that the store had from the same file, or from one with the same content.
    public internal(set) var alreadyThereSpanCount: UInt64 = 0
    /// The number of spans that can be in no trace, or are not what the format says.
    public internal(set) var refusedSpanCount: UInt64 = 0
    /// The number of pieces that could not be read, so that nobody knows how many spans are in them.
    public internal(set) var unreadablePieceCount: UInt64 = 0
    /// The number of documents that hold logs or metrics and no traces.
    public internal(set) var otherDocumentCount: UInt64 = 0
    /// The number of processes, by what their resources say, that the spans are of.
    public internal(set) var resourceCount = 0
    /// What was refused, or could not be read, each with its place: the first 1,000.
    public internal(set) var problems: [Problem] = []

    /// Something that was not taken.
    public struct Problem: Sendable, Codable, Hashable, CustomStringConvertible {
        /// The file.
        public let file: String
        /// The line, from 1, if the file has lines.
        public let line: UInt64?
        /// The byte, from 0, in what the file holds once it is decompressed.
        public let byteOffset: UInt64
        /// What is wrong.
        public let reason: String

        /// The place and the reason.
        public var description: String {
            line.map { "\(file):\($0): \(reason)" } ?? "\(file), byte \(byteOffset): \(reason)"
        }
    }

    init(file: String, format: FileFormat) {
        self.file = file
        self.format = format
    }

    /// The number of spans that were read.
    public var readSpanCount: UInt64 {
        importedSpanCount + alreadyThereSpanCount + refusedSpanCount
    }

    /// Whether everything in the file is in the store.
    public var isComplete: Bool { refusedSpanCount == 0 && unreadablePieceCount == 0 }
}

internal import SpanLogFormat
public import SpanLogStore

/// Imports files of spans into a store, each as a whole or not at all.
///
/// A file's spans get recorders and blocks that follow from its content, so importing it again adds
/// nothing, and a merge takes copies for what they are. No clock of this host has to do with them: a
/// merge aligns each resource as an instance with a clock of its own.
///
///     let importer = try FileImporter(store: "spans")
///     let report = try importer.add("traces.jsonl")
public final class FileImporter {
    private let path: String
    private let store: StoreImport
    private let options: Options

    /// How files are read.
    public struct Options {
        /// What the files hold; `nil` to find it out from how each begins.
        public var format: FileFormat?
        /// What decompresses a source of gzip's bytes; `nil` where nothing does.
        public var gunzip: ((any ByteSource) throws -> any ByteSource)?

        /// Creates the defaults.
        public init() {}
    }

    /// Opens the store at `path`, and makes it if it is not there.
    ///
    /// - Throws: ``StoreError`` if the directory cannot be used as a store, or another import or a
    ///   compaction is at work in it.
    public init(store path: String, options: Options = Options()) throws(StoreError) {
        self.path = path
        self.options = options
        store = try StoreImport(path)
    }

    /// Imports the file at `path`, or standard input for `-`. It may be compressed by Zstandard, and by
    /// gzip if the options say how.
    ///
    /// What cannot be read is named in the report, and everything else imported.
    ///
    /// - Parameter progress: Called with the bytes read so far, and with all there are, decompressed.
    /// - Throws: ``ImportError`` if the file cannot be read at all or holds nothing of the format, and
    ///   ``StoreError`` if the disk fails. Nothing of the file is in the store then.
    /// - Complexity: O(*n*) in the bytes of the file, which is read twice; memory for its largest piece
    ///   of up to 256 MiB, 32 MiB of spans, and 100 bytes for each resource.
    public func add(
        _ path: String, progress: (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws -> FileImportReport {
        let content = try FileContent(
            path, scratchDirectory: self.path, gunzip: options.gunzip)
        guard content.byteCount > 0 else {
            if let damage = content.damage {
                throw ImportError(.unreadable, "\(content.name) cannot be decompressed: \(damage).")
            }
            return FileImportReport(file: content.name, format: options.format ?? .otlp)
        }
        guard let opening = FileOpening(FileOpening.withoutMark(content.opening)) else {
            throw Self.unknown(content.name)
        }
        guard let format = options.format ?? opening.format else {
            throw Self.unknown(content.name)
        }
        guard format == .otlp || opening.isJSON else {
            throw ImportError(
                .unreadable,
                "\(content.name) is no JSON, which is what \(format.name) files are: name another "
                    + "format.")
        }
        return try add(content, opening, format, progress)
    }

    private static func unknown(_ name: String) -> ImportError {
        ImportError(
            .unreadable,
            "\(name) begins like none of OTLP (JSON or protobuf), Jaeger's JSON and Zipkin's: check "
                + "the file, or name its format.")
    }

    private func add(
        _ content: FileContent, _ opening: FileOpening, _ format: FileFormat,
        _ progress: (UInt64, UInt64) -> Void
    ) throws -> FileImportReport {
        let id = SHA256.hash(Array("spanlog import \(format.rawValue) ".utf8) + content.digest)
        let blocks = try store.begin(
            RecorderID(bytes: id.prefix(RecorderID.byteCount))!, byteCount: content.byteCount)
        let intake = FileIntake(content, format, hasLines: opening.hasLines, blocks)
        do {
            try withoutActuallyEscaping(progress) { progress in
                let reading = FileReading(
                    format: format, opening: opening, intake: intake,
                    progress: { progress($0, content.byteCount) })
                try reading.read(try content.source())
            }
            try intake.publish()
        } catch {
            intake.discard()
            throw error
        }
        return intake.report
    }

    /// Removes what is not whole yet in the store at `path`, for a process that is about to end. Any
    /// thread may call it.
    public static func removeUnfinishedFiles(of path: String) {
        StoreImport.removeUnfinishedFiles(of: path)
    }
}

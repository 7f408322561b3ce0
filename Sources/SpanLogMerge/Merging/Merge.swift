import Dispatch
import SpanLogFormat
public import SpanLogStore
import Synchronization

/// Joins the spans of any number of stores into one archive of whole traces.
///
/// The archive depends on the set of records alone, not on the order of the stores, nor on how many
/// threads and how much memory the merge may use.
///
/// ```swift
/// let report = try Merge(stores: Store.find(at: "collected")).write(to: "run.spanlog")
/// ```
public struct Merge: Sendable {
    let stores: [Store]
    var options: Options
    let unfinished = UnfinishedFiles()

    /// How far a merge has come.
    public struct Progress: Sendable {
        /// What is counted.
        public let stage: Stage
        /// How many blocks are read, or records joined.
        public let done: Int
        /// How many there are, or 0 while that is not known.
        public let total: Int

        /// A part of the work.
        public enum Stage: Sendable {
            case reading
            case writing
        }
    }

    /// Prepares a merge. A store that is given twice is read once.
    public init(stores: [Store], options: Options = Options()) {
        var paths: Set<String> = []
        self.stores = stores.sorted { $0.path < $1.path }.filter { paths.insert($0.path).inserted }
        self.options = options
    }

    /// Reads the stores and writes the archive.
    ///
    /// The file appears at `path` once it is whole and durable, or not at all.
    ///
    /// - Parameters:
    ///   - isReplacing: Whether a file that stands at `path` is replaced.
    ///   - progress: Called now and then, by one thread at a time.
    /// - Returns: What was read, and where it went.
    /// - Throws: ``MergeError``. Damage in a store is no error: what is sound beside it is merged,
    ///   and the report names the rest.
    /// - Complexity: O(*n*) in the bytes of the stores; what has no room in memory waits in
    ///   temporary space.
    public func write(
        to path: String, replacing isReplacing: Bool = false,
        progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) throws -> MergeReport {
        if !isReplacing, (try? FileSystem.kind(of: path)) ?? nil != nil { throw Self.exists(path) }
        let directory = FileSystem.parent(of: path)
        let run = MergeRun(self, beside: directory, progress)
        try run.checkSpace(archiveIn: directory)
        return try run.write(to: path, replacing: isReplacing, [])
    }

    /// Adds what the stores hold to the archive at `path`, and opens the traces again that it is
    /// about.
    ///
    /// The result is what a merge of all stores at once would have given. The archive is replaced
    /// once the new one is whole and durable, or stays as it was.
    ///
    /// - Throws: ``MergeError``, also if there is no sound archive at `path`.
    /// - Complexity: O(*n*) in the bytes of the archive and the stores.
    public func write(
        into path: String, progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) throws -> MergeReport {
        let archive = try ArchiveReader(path)
        let directory = FileSystem.parent(of: path)
        var merge = self
        merge.options.isIncremental = true
        let run = MergeRun(merge, adding: archive.size, beside: directory, progress)
        try run.checkSpace(archiveIn: directory)
        do {
            return try run.write(to: path, replacing: true, [archive])
        } catch let error as FormatError {
            throw MergeError(
                .damaged,
                "\(path) is damaged, and as it was: merge the stores again, or what `spanlog salvage` "
                    + "takes out of it. `spanlog verify` names each damage.", cause: error)
        }
    }

    /// Reads the stores and tells what a merge would do, without writing an archive.
    ///
    /// - Throws: ``MergeError`` if temporary space cannot be written.
    public func dryRun(
        progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) throws -> MergeReport {
        try MergeRun(self, beside: ".", progress).report([])
    }

    /// Removes from the disk what a merge has begun to write: for a process that was told to end.
    public func removeUnfinishedFiles() {
        unfinished.removeFromDisk()
    }

    static func exists(_ path: String) -> MergeError {
        MergeError(
            .exists,
            "\(path) exists already: choose another name, or say --overwrite to replace it.")
    }
}

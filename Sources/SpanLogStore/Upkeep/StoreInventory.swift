import SpanLogFormat

/// The files of a store, and which of them nobody writes any more.
///
/// Recorders that are dead stay so, since ids are never used again.
struct StoreInventory: Sendable {
    /// Files of dead recorders, finished segments of this process's own, and compacted segments,
    /// by the time of their last change.
    private(set) var files: [File] = []
    /// The bytes of everything in the store.
    private(set) var byteCount: UInt64 = 0
    /// Files that writing left behind when it was interrupted, and lock files without a segment.
    private(set) var leftovers: [String] = []
    /// How many recorders are alive, the own one left out.
    private(set) var livingRecorderCount = 0

    /// A file that nobody writes any more.
    struct File: Hashable, Sendable {
        let path: String
        let kind: Kind
        /// The bytes that its removal makes free, those of its lock file included.
        let byteCount: UInt64
        let modifiedNanoseconds: UInt64
    }

    enum Kind: Hashable, Sendable {
        case segment(RecorderID)
        case spool(RecorderID)
        case block(RecorderID)
        /// Blocks of any number of recorders.
        case compacted
    }

    /// The recorder on whose behalf the inventory is made.
    struct Own: Sendable {
        let recorderID: RecorderID
        /// The least number of a segment that it may still write into.
        let firstLiveNumber: Int
    }

    /// - Throws: ``StoreError`` if the directory cannot be read.
    init(_ directory: StoreDirectory, own: Own? = nil) throws(StoreError) {
        let names = try directory.entries()
        var isDead: [RecorderID: Bool] = [:]
        for name in names {
            let path = directory.filePath(name)
            guard let status = (try? FileSystem.status(of: path)) ?? nil else { continue }
            byteCount += status.byteCount
            guard let entry = StoreDirectory.Entry(fileName: name) else { continue }
            if let id = entry.recorderID, id != own?.recorderID, isDead[id] == nil {
                isDead[id] = Self.isDead(id, in: directory)
            }
            add(entry, path, status, own: own, isDead: entry.recorderID.flatMap { isDead[$0] })
        }
        livingRecorderCount = isDead.values.count { !$0 }
        files.sort { ($0.modifiedNanoseconds, $0.path) < ($1.modifiedNanoseconds, $1.path) }
    }

    private mutating func add(
        _ entry: StoreDirectory.Entry, _ path: String, _ status: FileSystem.Status, own: Own?,
        isDead: Bool?
    ) {
        func file(_ kind: Kind) -> File {
            let lock = (try? FileSystem.status(of: path + "-lock")) ?? nil
            return File(
                path: path, kind: kind, byteCount: status.byteCount + (lock?.byteCount ?? 0),
                modifiedNanoseconds: status.modifiedNanoseconds)
        }
        switch entry {
        case .compacted: files.append(file(.compacted))
        case .segment(let name):
            let isFinished = own.map {
                name.recorderID == $0.recorderID && name.number < $0.firstLiveNumber
            }
            if isDead ?? isFinished ?? false { files.append(file(.segment(name.recorderID))) }
        case .spool(let id): if isDead == true { files.append(file(.spool(id))) }
        case .block(let id, _): if isDead == true { files.append(file(.block(id))) }
        case .lock(let id):
            // A segment's own lock file goes with it.
            let isStray = (try? FileSystem.status(of: String(path.dropLast(5)))) == nil
            if id == nil || isDead == true, isStray { leftovers.append(path) }
        case .temporary(let id):
            if id == nil || isDead == true { leftovers.append(path) }
        }
    }

    /// Whether the recorder's process has ended, or shut the recorder down.
    ///
    /// A recorder makes its spool before any other file, and removes it when it has shut down; in
    /// between it holds the lock. So there is no doubt but in the moment between making the file and
    /// locking it: until the file has its header, it counts as one of a recorder that is starting,
    /// unless it is old.
    private static func isDead(_ id: RecorderID, in directory: StoreDirectory) -> Bool {
        let path = directory.filePath(StoreDirectory.spoolName(of: id))
        do throws(SystemError) {
            let file = try ReadOnlyFile(path)
            if try file.bytes(at: 0, count: SpoolLayout.magic.count) != SpoolLayout.magic {
                let changed = try FileSystem.status(of: path)?.modifiedNanoseconds ?? .max
                guard changed < Clocks.realtime() &- startingNanosecondsMax else { return false }
            }
            return !file.isLockedByAnother
        } catch {
            // Without its spool it has shut down; one that cannot be opened tells nothing.
            return error.isNotFound
        }
    }

    private static let startingNanosecondsMax: UInt64 = 3600 * 1_000_000_000
}

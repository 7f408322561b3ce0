import Dispatch
import Glibc
import SpanLogStore
import Synchronization

/// A file that is being written beside its place, and removed unless it gets its name.
///
/// Its lock tells the files of merges that are running from those of merges that died, which the
/// next merge to the same place removes.
final class PartialFile: Sendable {
    let path: String
    private let descriptor: Int32
    private let unfinished: UnfinishedFiles
    private let syncing = DispatchQueue(label: "spanlog.sync")

    /// Begins a file that will stand at `place`.
    init(for place: String, _ unfinished: UnfinishedFiles) throws(SystemError) {
        self.unfinished = unfinished
        Self.removeAbandoned(beside: place)
        path = "\(place)\(Self.infix)\(UInt64.random(in: 0 ... .max))"
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError() }
        flock(descriptor, LOCK_EX | LOCK_NB)
        unfinished.insert(path)
    }

    deinit {
        guard descriptor >= 0 else { return }
        // Once the file has its name, there is no such one.
        if unfinished.remove(path) { try? FileSystem.removeFile(path) }
        close(descriptor)
    }

    /// Lets the disk begin with what was written so far, so that less is left for the end.
    ///
    /// The system would keep gigabytes back, and make a merge that is finished wait for them.
    func beginSync() {
        // Whether this fails does not matter: the last sync, which decides, would fail as well.
        syncing.async { fdatasync(self.descriptor) }
    }

    /// Gives the file its name, in place of what had it, durably.
    func rename(to place: String) throws(SystemError) {
        try FileSystem.rename(path, to: place)
        _ = unfinished.remove(path)
        try FileSystem.syncDirectory(FileSystem.parent(of: place))
    }

    private static func removeAbandoned(beside place: String) {
        let directory = FileSystem.parent(of: place)
        let prefix = FileSystem.name(of: place) + infix
        for name in (try? FileSystem.entries(of: directory)) ?? [] where name.hasPrefix(prefix) {
            let path = "\(directory)/\(name)"
            guard let file = try? ReadOnlyFile(path), !file.isLockedByAnother else { continue }
            try? FileSystem.removeFile(path)
        }
    }

    private static let infix = ".partial-"
}

/// The files that a merge has begun and not finished.
final class UnfinishedFiles: Sendable {
    private let paths = Mutex<Set<String>>([])

    func insert(_ path: String) { paths.withLock { _ = $0.insert(path) } }

    /// - Returns: Whether the path was there.
    func remove(_ path: String) -> Bool { paths.withLock { $0.remove(path) != nil } }

    /// Removes all of them from the disk.
    func removeFromDisk() {
        paths.withLock { paths in
            for path in paths { try? FileSystem.removeFile(path) }
            paths = []
        }
    }
}

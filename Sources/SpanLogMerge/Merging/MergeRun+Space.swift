import SpanLogStore

extension MergeRun {
    /// What is known before anything is read: by the sizes of the files, and a few headers.
    var spaceNeeded: Merge.SpaceNeeded {
        Merge.SpaceNeeded(
            temporaryDirectory: temporaryDirectory,
            temporaryByteCount: recordsByteCount > UInt64(plan.heldBytesMax) ? recordsByteCount : 0,
            archiveByteCount: inputByteCount + spanCount * Self.archivedByteCountPerSpan)
    }

    /// What the archive keeps of a span beside its block: where it is, and its share of a summary.
    private static let archivedByteCountPerSpan: UInt64 = 20

    /// Throws if a disk has no room for what the merge is going to need.
    func checkSpace(archiveIn directory: String) throws {
        let needed = spaceNeeded
        let isOneDisk = try? device(temporaryDirectory) == device(directory)
        if isOneDisk == true {
            try check(needed.temporaryByteCount + needed.archiveByteCount, directory)
        } else {
            try check(needed.temporaryByteCount, temporaryDirectory)
            try check(needed.archiveByteCount, directory)
        }
    }

    private func device(_ path: String) throws -> String { try FileSystem.device(of: path) }

    private func check(_ byteCount: UInt64, _ directory: String) throws {
        guard let available = DiskSpace.available(at: directory), available < byteCount else {
            return
        }
        throw MergeError(
            .writeFailed,
            "The merge needs about \(byteCount >> 20) MiB in \(directory), and \(available >> 20) "
                + "MiB are free: make room, write the archive elsewhere, or name another "
                + "directory for temporary files with --temporary.")
    }
}

extension Merge {
    /// What a merge is going to need on disks, roughly.
    public struct SpaceNeeded: Sendable {
        /// Where spans wait that have no room in memory.
        public let temporaryDirectory: String
        /// What they take there, until the merge ends.
        public let temporaryByteCount: UInt64
        /// What the archive takes.
        public let archiveByteCount: UInt64
    }

    /// What a merge to `path`, or into the archive there, is going to need.
    ///
    /// It is an estimate by the sizes of the files, and of a few values in each.
    public func spaceNeeded(for path: String?) -> SpaceNeeded {
        let directory = path.map(FileSystem.parent) ?? "."
        let growing = path.flatMap { try? ArchiveReader($0).size } ?? ArchiveReader.Size()
        return MergeRun(self, adding: growing, beside: directory) { _ in }.spaceNeeded
    }
}

extension Store {
    /// The bytes of its files.
    var byteCount: UInt64 {
        (segmentPaths + spoolPaths + blockPaths).reduce(0) { sum, path in
            sum + ((try? ReadOnlyFile(path).byteCount()) ?? 0)
        }
    }
}

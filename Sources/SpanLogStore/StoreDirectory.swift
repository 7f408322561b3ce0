import Glibc
package import SpanLogFormat

/// The directory of a store: its marker, its segments, and whether it can be written.
package struct StoreDirectory: Sendable {
    package let path: String

    /// The file that says that a directory is a store, and of which format.
    static let markerName = "spanlog-store"
    static let version = 1
    private static let marker = "spanlog-store 1\n"

    /// A segment by its name: `<recorder>-<number>.mdb`.
    package struct SegmentName: Hashable, Comparable, Sendable {
        package let recorderID: RecorderID
        package let number: Int

        package init(recorderID: RecorderID, number: Int) {
            self.recorderID = recorderID
            self.number = number
        }

        package init?(fileName: String) {
            guard fileName.hasSuffix(".mdb") else { return nil }
            let parts = fileName.dropLast(4).split(
                separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 2, let recorderID = RecorderID(hexadecimal: parts[0]),
                let number = Int(parts[1]), number >= 0
            else { return nil }
            self.init(recorderID: recorderID, number: number)
            // "+1" and "01" are numbers too, but a recorder gives no file such a name.
            guard self.fileName == fileName else { return nil }
        }

        package var fileName: String { "\(recorderID)-\(number).mdb" }

        package static func < (left: SegmentName, right: SegmentName) -> Bool {
            left.recorderID == right.recorderID
                ? left.number < right.number : left.recorderID < right.recorderID
        }
    }
}

extension StoreDirectory {
    /// The name of a recorder's spool.
    static func spoolName(of id: RecorderID) -> String { "\(id).spool" }

    /// The name of a block that is in no segment yet.
    static func blockName(_ id: RecorderID, _ sequence: UInt64) -> String {
        "\(id)-\(sequence).block"
    }

    /// Opens a directory for writing, and makes it a store if it is none yet.
    ///
    /// Any number of processes may do this at the same time.
    ///
    /// - Throws: ``StoreError`` with a code that says what stands in the way.
    package static func openForWriting(_ path: String) throws(StoreError) -> StoreDirectory {
        do {
            try FileSystem.createDirectory(path)
        } catch {
            throw openError(path, error)
        }
        let directory = StoreDirectory(path: path)
        try directory.checkIsWritable()
        try directory.checkIsLocal()
        switch try directory.markedVersion() {
        case nil: try directory.mark()
        case .some(let version): try directory.checkVersion(version)
        }
        return directory
    }

    /// Opens a directory for reading.
    ///
    /// - Throws: ``StoreError`` if it cannot be read, holds no store, or one of a newer format.
    package static func openForReading(_ path: String) throws(StoreError) -> StoreDirectory {
        if Store.isFile(path) { throw fileError(path) }
        let directory = StoreDirectory(path: path)
        guard try directory.isStore() else {
            throw StoreError(
                .notFound,
                "\(path) holds no store: name the directory that a service recorded into "
                    + "(SPANLOG_DIR), or one that holds such directories.")
        }
        // One bad byte in the marker does not hide the store: `Store` names it as damage.
        let version = try? directory.markedVersion()
        if let version { try directory.checkVersion(version) }
        return directory
    }

    /// What to say of a file where a store should be.
    static func fileError(_ path: String) -> StoreError {
        StoreError(
            .notADirectory,
            "\(path) is a file, and a store is a directory: name the one that a service recorded into "
                + "(SPANLOG_DIR), or one that holds such directories. Of archives, `spanlog merge "
                + "--into` adds to one, and `show`, `export`, `verify` and `salvage` read one.")
    }

    /// What is wrong with the marker, or `nil` if it is sound, or not there.
    func markerDamage() -> Store.Damage? {
        do {
            _ = try markedVersion()
            return nil
        } catch {
            return Store.Damage(
                file: filePath(Self.markerName), byteOffset: 0, reason: error.message)
        }
    }

    /// Whether the directory has a store's marker or at least one segment.
    package func isStore() throws(StoreError) -> Bool {
        let names = try entries()
        return names.contains(Self.markerName)
            || names.contains { name in
                SegmentName(fileName: name) != nil || CompactedName(fileName: name) != nil
                    || name.hasSuffix(".spool")
            }
    }

    /// The segments, by recorder and number.
    package func segments() throws(StoreError) -> [SegmentName] {
        try entries().compactMap(SegmentName.init(fileName:)).sorted()
    }

    /// The paths of the segments by recorder and number, and then of the compacted ones.
    func segmentPaths() throws(StoreError) -> [String] {
        let names = try entries()
        let segments = names.compactMap(SegmentName.init(fileName:)).sorted()
        return (segments.map(\.fileName) + names.filter { CompactedName(fileName: $0) != nil })
            .map(filePath)
    }

    /// The paths of the files whose names end so, sorted.
    package func files(ending suffix: String) throws(StoreError) -> [String] {
        try entries().filter { $0.hasSuffix(suffix) }.map(filePath)
    }

    /// The names of everything in the directory, sorted.
    package func entries() throws(StoreError) -> [String] {
        do {
            return try FileSystem.entries(of: path)
        } catch {
            throw Self.openError(path, error)
        }
    }

    /// Which directory this is, whatever path leads to it.
    func identity() throws(StoreError) -> FileSystem.Identity {
        do {
            return try FileSystem.identity(of: path)
        } catch {
            throw Self.openError(path, error)
        }
    }

    package func filePath(_ name: String) -> String { "\(path)/\(name)" }
}

extension StoreDirectory {
    private func checkIsWritable() throws(StoreError) {
        do {
            try FileSystem.checkAccess(toDirectory: path)
        } catch {
            guard error.number == EACCES else { throw Self.openError(path, error) }
            throw StoreError(
                .noPermission,
                "Cannot write into \(path): give the service's user the directory "
                    + "(chown, chmod 700), or set SPANLOG_DIR to another one.",
                cause: error)
        }
    }

    private func checkIsLocal() throws(StoreError) {
        do {
            let mounts = try ReadOnlyFile("/proc/self/mountinfo").bytes(at: 0, count: 1 << 20)
            guard
                let type = NetworkFileSystem.type(
                    ofDevice: try FileSystem.device(of: path),
                    mounts: String(decoding: mounts, as: UTF8.self))
            else { return }
            throw StoreError(
                .networkFileSystem,
                "\(path) lies on a network file system (\(type)), where a store is not safe: "
                    + "set SPANLOG_DIR to a directory on a local disk, and copy the store "
                    + "afterwards.")
        } catch let error as StoreError {
            throw error
        } catch {
            // Where /proc is missing, nothing tells the file system's type.
            return
        }
    }

    /// The format that the marker names, or `nil` if there is no marker.
    private func markedVersion() throws(StoreError) -> Int? {
        let text: [UInt8]
        do {
            text = try ReadOnlyFile(filePath(Self.markerName)).bytes(at: 0, count: 64)
        } catch {
            if error.number == ENOENT { return nil }
            throw Self.openError(filePath(Self.markerName), error)
        }
        let words = String(decoding: text, as: UTF8.self).split { $0 == " " || $0 == "\n" }
        guard words.count >= 2, words[0] == Self.markerName, let version = Int(words[1]),
            version > 0
        else {
            throw StoreError(
                .damaged,
                "\(filePath(Self.markerName)) is damaged: delete this one file, and the store "
                    + "can be read and written again.")
        }
        return version
    }

    private func checkVersion(_ version: Int) throws(StoreError) {
        guard version <= Self.version else {
            throw StoreError(
                .newerFormat,
                "\(path) is a store of format \(version), and this version of SpanLog knows "
                    + "\(Self.version): update SpanLog, or use another directory.")
        }
    }

    private func mark() throws(StoreError) {
        do {
            let path = filePath(Self.markerName)
            try FileSystem.replaceFile(path, with: Array(Self.marker.utf8))
        } catch {
            throw StoreError(
                .writeFailed,
                "Cannot write into \(path): make room or choose another directory.", cause: error)
        }
    }

    static func openError(_ path: String, _ error: SystemError) -> StoreError {
        switch error.number {
        case ENOENT:
            StoreError(.notFound, "There is no \(path): check the path.", cause: error)
        case ENOTDIR, EEXIST:
            StoreError(
                .notADirectory,
                "\(path) is not a directory: choose another path or move the file away.",
                cause: error)
        case EACCES, EPERM:
            StoreError(
                .noPermission,
                "No permission for \(path): change its owner or mode, or run as its owner.",
                cause: error)
        case EROFS:
            StoreError(
                .writeFailed,
                "\(path) lies on a read-only file system: choose another directory.",
                cause: error)
        case EOVERFLOW:
            StoreError(
                .readFailed,
                "\(path) has more than \(FileSystem.entryCountMax) files: this is no store that "
                    + "SpanLog wrote. Name the stores themselves.")
        case ENOTSUP:
            StoreError(
                .damaged,
                "\(path) is neither a file nor a directory: nothing of SpanLog's made it, so remove "
                    + "it from the store.")
        default:
            StoreError(.readFailed, "Cannot open \(path).", cause: error)
        }
    }
}

import Glibc

/// The few calls of the system that a store needs, with its errors as ``SystemError``.
package enum FileSystem {
    /// Makes a directory with mode 0700, and its parents. One that is there already is left alone.
    package static func createDirectory(_ path: String) throws(SystemError) {
        guard unsafe mkdir(path, 0o700) != 0 else { return }
        if errno == EEXIST {
            guard try kind(of: path) == .directory else { throw SystemError(number: ENOTDIR) }
            return
        }
        let parent = parent(of: path)
        guard errno == ENOENT, parent != path else { throw SystemError() }
        try createDirectory(parent)
        guard unsafe mkdir(path, 0o700) == 0 || errno == EEXIST else { throw SystemError() }
    }

    /// The directory that holds `path`.
    package static func parent(of path: String) -> String {
        var components = path.split(separator: "/", omittingEmptySubsequences: true)
        guard !components.isEmpty else { return path.hasPrefix("/") ? "/" : "." }
        components.removeLast()
        guard !components.isEmpty else { return path.hasPrefix("/") ? "/" : "." }
        return (path.hasPrefix("/") ? "/" : "") + components.joined(separator: "/")
    }

    /// The last component of `path`.
    package static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// The names in a directory, sorted, without `.` and `..`. More than ``entryCountMax`` are refused
    /// with `EOVERFLOW`.
    package static func entries(of path: String) throws(SystemError) -> [String] {
        guard let directory = unsafe opendir(path) else { throw SystemError() }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        // SAFETY: the entry is read before the next call for this directory replaces it.
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
            guard names.count <= entryCountMax else { throw SystemError(number: EOVERFLOW) }
        }
        return names.sorted()
    }

    /// The most entries of a directory that are read.
    package static let entryCountMax = 1_000_000

    /// What there is at a path.
    package enum Kind: Sendable {
        case file
        case directory
        case other
    }

    /// What there is at `path`, or `nil` if there is nothing.
    package static func kind(of path: String) throws(SystemError) -> Kind? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw SystemError()
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .directory
        case S_IFREG: return .file
        default: return .other
        }
    }

    /// How large a file is and when it was last changed.
    package struct Status: Hashable, Sendable {
        package let byteCount: UInt64
        /// In nanoseconds since 1970.
        package let modifiedNanoseconds: UInt64
    }

    /// The status of the file at `path`, or `nil` if there is nothing.
    package static func status(of path: String) throws(SystemError) -> Status? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            if errno == ENOENT { return nil }
            throw SystemError()
        }
        let time = status.st_mtim
        return Status(
            byteCount: UInt64(clamping: status.st_size),
            modifiedNanoseconds: UInt64(clamping: time.tv_sec) &* 1_000_000_000
                &+ UInt64(clamping: time.tv_nsec))
    }

    /// Sets when a file was last changed, in nanoseconds since 1970.
    package static func setModified(
        _ path: String, nanoseconds: UInt64
    ) throws(SystemError) {
        let time = timespec(
            tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        let times = [time, time]
        guard unsafe utimensat(AT_FDCWD, path, times, 0) == 0 else { throw SystemError() }
    }

    /// Makes what was written into a file durable.
    package static func syncFile(_ path: String) throws(SystemError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError() }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError() }
    }

    /// Throws unless the process may read, search and write in the directory.
    package static func checkAccess(toDirectory path: String) throws(SystemError) {
        guard unsafe access(path, R_OK | W_OK | X_OK) == 0 else { throw SystemError() }
    }

    /// What a file or directory is called by the kernel, whatever path leads to it.
    package struct Identity: Hashable, Sendable {
        private let device: UInt64
        private let inode: UInt64

        fileprivate init(_ status: stat) {
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
        }
    }

    /// What `path` leads to, links followed.
    package static func identity(of path: String) throws(SystemError) -> Identity {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw SystemError() }
        return Identity(status)
    }

    /// The number of the device that holds `path`, as `major:minor`.
    package static func device(of path: String) throws(SystemError) -> String {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw SystemError() }
        // How glibc packs the two numbers (`makedev(3)`), whose macros Swift does not import.
        let device = UInt64(status.st_dev)
        let major = device >> 8 & 0xFFF | device >> 32 & 0xFFFF_F000
        let minor = device & 0xFF | device >> 12 & 0xFFFF_FF00
        return "\(major):\(minor)"
    }

    /// Makes the directory's entries durable: new files and changed names.
    package static func syncDirectory(_ path: String) throws(SystemError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError() }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError() }
    }

    /// Creates or replaces a file in one step: readers see the old content or the new one.
    ///
    /// - Throws: The system's error; the file is as it was, and nothing else is left behind.
    package static func replaceFile(
        _ path: String, with content: [UInt8]
    ) throws(SystemError) {
        let temporary = "\(path).\(getpid())-\(UInt32.random(in: 0 ... .max)).tmp"
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError() }
        let written = unsafe content.withUnsafeBytes { bytes in
            unsafe write(descriptor, bytes.baseAddress, bytes.count)
        }
        let isWritten = written == content.count && fsync(descriptor) == 0
        close(descriptor)
        guard isWritten, unsafe Glibc.rename(temporary, path) == 0 else {
            let error = SystemError()
            unsafe unlink(temporary)
            throw error
        }
    }

    /// Appends to a file, which is made if it is not there, and makes that durable.
    package static func append(_ content: [UInt8], to path: String) throws(SystemError) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError() }
        defer { close(descriptor) }
        let written = unsafe content.withUnsafeBytes { bytes in
            unsafe write(descriptor, bytes.baseAddress, bytes.count)
        }
        guard written >= 0 else { throw SystemError() }
        guard written == content.count else { throw SystemError(number: ENOSPC) }
        guard fdatasync(descriptor) == 0 else { throw SystemError() }
    }

    /// Gives a file another name, in place of what had it.
    package static func rename(_ path: String, to new: String) throws(SystemError) {
        guard unsafe Glibc.rename(path, new) == 0 else { throw SystemError() }
    }

    /// Removes a file. One that is not there is no error.
    package static func removeFile(_ path: String) throws(SystemError) {
        guard unsafe unlink(path) == 0 || errno == ENOENT else { throw SystemError() }
    }

    /// Removes a directory that is empty.
    package static func removeDirectory(_ path: String) throws(SystemError) {
        guard unsafe rmdir(path) == 0 else { throw SystemError() }
    }
}

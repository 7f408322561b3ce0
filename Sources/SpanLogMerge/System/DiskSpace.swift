import Glibc

/// How much a directory's file system can take.
enum DiskSpace {
    /// The bytes that are free for this user where `directory` lies, or `nil` if nobody knows.
    static func available(at directory: String) -> UInt64? {
        var status = statvfs()
        guard unsafe statvfs(directory, &status) == 0 else { return nil }
        return UInt64(status.f_bavail) &* UInt64(status.f_frsize)
    }
}

/// Which file systems are served by another machine.
///
/// On these a memory map may show stale data and a lock may not hold, so no store is opened there.
enum NetworkFileSystem {
    /// The type of the network file system on `device`, or `nil` if it is a local one.
    ///
    /// - Parameters:
    ///   - device: The number of the device, as `major:minor`.
    ///   - mounts: The text of `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`).
    static func type(ofDevice device: String, mounts: String) -> String? {
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 2, fields[2] == device,
                let separator = fields.firstIndex(of: "-"), separator + 1 < fields.count
            else { continue }
            let type = String(fields[separator + 1])
            if types.contains(type) { return type }
        }
        return nil
    }

    private static let types: Set<String> = [
        "9p", "afs", "beegfs", "ceph", "cifs", "coda", "fuse.ceph-fuse", "fuse.davfs2",
        "fuse.gcsfuse", "fuse.glusterfs", "fuse.juicefs", "fuse.rclone", "fuse.s3fs", "fuse.sshfs",
        "gfs2", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "ocfs2", "orangefs",
        "panfs", "pvfs2", "smb3", "smbfs",
    ]
}

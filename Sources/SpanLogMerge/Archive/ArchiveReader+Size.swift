import SpanLogStore

extension ArchiveReader {
    /// How large an archive is.
    struct Size {
        /// The bytes of the file.
        var byteCount: UInt64 = 0
        /// The records that it holds.
        var spanCount: UInt64 = 0
    }

    /// The size by the file and the report.
    var size: Size {
        Size(
            byteCount: (try? ReadOnlyFile(path).byteCount()) ?? 0,
            spanCount: report.accounting.read)
    }
}

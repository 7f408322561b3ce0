import SpanLogFormat

/// What tells the file of an archive from others, and where its blocks are.
package enum ArchiveFile {
    /// The table whose values are blocks, as in stores, under numbers.
    package static let blocksTable = "blocks"
    /// The table that says under ``formatKey`` which format the archive has.
    package static let metaTable = "meta"
    package static let formatKey = Array("format".utf8)
    package static let format = Array("spanlog-archive 4".utf8)
    /// The first eight bytes of each value that is no block.
    package static let chunkMagic = Array("SPLGARC2".utf8)

    /// No value is shorter than a page, but for the name of the format. Whoever reads all counts each as
    /// that long at least, so that a forged tree names no more of them than the file has room for.
    package static let valueByteCountMin = 4096 - LMDBPages.headerByteCount

    /// Whether a file is an archive, or what is left of one: something of it begins as a block does, or
    /// as a chunk.
    ///
    /// - Complexity: O(*n*) in the bytes in front of the first of them.
    package static func isArchive(_ file: ReadOnlyFile) -> Bool {
        guard let byteCount = try? file.byteCount() else { return false }
        let name = FileSystem.name(of: file.path)
        if StoreDirectory.SegmentName(fileName: name) != nil { return false }
        if StoreDirectory.CompactedName(fileName: name) != nil { return false }
        var window = FileWindow(file, byteCount: byteCount)
        var position: UInt64 = 0
        let places = FileWindow.Places(phase: 0, step: 2)
        while let offset = window.offset(
            of: commonMagic, from: position, to: byteCount, at: places)
        {
            let bytes = try? file.bytes(at: offset, count: chunkMagic.count)
            if bytes == chunkMagic || bytes == BlockHeader.magic { return true }
            position = offset + 1
        }
        return false
    }

    /// Whether something is the name of a format, and not of this one.
    package static func isOtherFormat(_ text: [UInt8]) -> Bool {
        let words = String(decoding: text, as: UTF8.self).split(separator: " ")
        return words.count == 2 && words[0] == "spanlog-archive" && UInt(words[1]) != nil
            && text != format
    }

    /// What to say of a path where neither a store nor an archive is.
    package static func neither(_ path: String) -> String {
        "\(path) is neither a store nor an archive: name the directory that a service recorded into "
            + "(SPANLOG_DIR), or the file that `spanlog merge` made."
    }

    private static let commonMagic = Array("SPLG".utf8)
}

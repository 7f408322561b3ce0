import SpanLogFormat
import SpanLogStore

extension Scatterer {
    /// Takes all blocks of an archive: the records as they were before they were joined.
    mutating func add(_ archive: ArchiveReader) throws {
        try archive.blocks.forEach { block, value in
            try add(block, value, .isFromArchive)
        }
    }
}

/// What a compaction did.
public struct CompactionReport: Sendable, Codable {
    /// The store's directory.
    public let path: String
    /// The files that were joined, and are gone.
    public internal(set) var joinedFileCount = 0
    /// The files that hold their content now.
    public internal(set) var createdFileCount = 0
    /// The blocks that were joined, each counted once.
    public internal(set) var blockCount: UInt64 = 0
    /// The spans in these blocks.
    public internal(set) var spanCount: UInt64 = 0
    /// The spans that were open when their recorder died.
    public internal(set) var openSpanCount: UInt64 = 0
    /// The bytes of the store's files before.
    public internal(set) var byteCountBefore: UInt64 = 0
    /// The bytes of the store's files now.
    public internal(set) var byteCountAfter: UInt64 = 0
    /// The recorders that are alive, whose files were not touched.
    public internal(set) var livingRecorderCount = 0
    /// Files that were left as they are because they cannot be read as they were written.
    public internal(set) var damages: [Store.Damage] = []

    init(path: String) {
        self.path = path
    }
}

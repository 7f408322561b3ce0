/// Where everything stands in a spool. `FileFormat` has it byte by byte.
struct SpoolLayout: Hashable, Sendable {
    let chunkCount: Int
    let chunkByteCount: Int
    let slotCount: Int
    /// The bytes of the serialized OTLP `Resource` and `InstrumentationScope` behind the header.
    let resourceByteCount: Int
    let scopeByteCount: Int

    static let magic = Array("SPLGSPL1".utf8)
    static let version: UInt16 = 1
    static let headerByteCount = 4096
    static let slotByteCount = 512

    var slotsOffset: Int {
        Self.wholePages(Self.headerByteCount + resourceByteCount + scopeByteCount)
    }
    var chunksOffset: Int { Self.wholePages(slotsOffset + slotCount * Self.slotByteCount) }
    var byteCount: Int { chunksOffset + chunkCount * chunkByteCount }

    @inline(__always)
    func slotOffset(_ index: Int) -> Int { slotsOffset + index * Self.slotByteCount }
    @inline(__always)
    func chunkOffset(_ index: Int) -> Int { chunksOffset + index * chunkByteCount }

    /// Offsets within the header.
    enum Header {
        static let checksum = 8
        /// The checksum covers from here to ``variable``, and the resource and scope.
        static let checked = 16
        static let version = 16
        static let byteCount = 20
        static let recorderID = 32
        static let bootID = 48
        static let chunkCount = 64
        static let chunkByteCount = 68
        static let slotCount = 72
        static let slotByteCount = 76
        static let resourceByteCount = 80
        static let scopeByteCount = 84
        /// What follows changes while the recorder runs.
        static let variable = 128
        static let lastSeenBoottime = 128
        static let clockOffset = 136
        static let drops = 160
    }

    /// Offsets within a slot of the table of open spans.
    enum Slot {
        /// The state in the two low bits, and a count of the slot's uses above.
        static let state = 0
        /// How many bytes of ``content`` are there.
        static let contentByteCount = 8
        /// The fields of an OTLP `Span` that are known so far.
        static let content = 16
        /// From the number to the content that it counts.
        static let contentByteCountDistance = content - contentByteCount
        static let contentByteCountMax = slotByteCount - content

        static let isFree: UInt64 = 0
        static let isOpen: UInt64 = 1
        /// The span has ended; it may be in a chunk or a block by now.
        static let isEnding: UInt64 = 2
        static let stateMask: UInt64 = 3
        static let nextUse: UInt64 = 4
    }

    /// Offsets within a chunk. Behind the header stand the entries, and from the chunk's end
    /// backwards the index: for each entry where it ends, and its checksum.
    enum Chunk {
        /// How often the chunk was used before.
        static let use = 0
        /// The sequence of the block that the chunk will be, plus 1; 0 before its first entry.
        static let sequence = 8
        /// The number of entries in the high 32 bits, and their bytes in the low ones.
        static let extent = 16
        static let entries = 64
        static let indexEntryByteCount = 8
    }

    private static func wholePages(_ count: Int) -> Int { (count + 4095) / 4096 * 4096 }
}

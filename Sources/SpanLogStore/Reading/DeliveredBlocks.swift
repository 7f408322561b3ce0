import SpanLogFormat

/// Which blocks of a store have been delivered.
struct DeliveredBlocks {
    private var firsts: [BlockName: UInt64?] = [:]
    /// The checksums of all values, of those names that several have.
    private var several: [BlockName: Set<UInt64?>] = [:]
    private var recordersWithOpenSpans: Set<RecorderID> = []

    /// Whether a block of this name has been delivered.
    func contains(_ block: Block) -> Bool {
        block.holdsOpenSpans
            ? recordersWithOpenSpans.contains(block.header.recorderID)
            : firsts[BlockName(block.header)] != nil
    }

    /// - Returns: Whether the block is to be delivered. Copies are not. One of the same name with
    ///   other bytes is: it was sealed again, or is of a machine that was set back while its recorder
    ///   was running.
    mutating func insert(_ block: Block) -> Bool {
        if block.holdsOpenSpans {
            return recordersWithOpenSpans.insert(block.header.recorderID).inserted
        }
        let name = BlockName(block.header)
        guard let first = firsts[name] else {
            firsts[name] = block.storedChecksum
            return true
        }
        if first == block.storedChecksum { return false }
        return several[name, default: [first]].insert(block.storedChecksum).inserted
    }
}

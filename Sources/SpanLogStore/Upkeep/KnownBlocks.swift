import SpanLogFormat

/// The blocks that are in a segment that stays, or that is being made, by name.
struct KnownBlocks {
    private var blocks: [BlockName: Place] = [:]
    private var recordersWithOpenSpans: Set<RecorderID> = []

    private enum Place {
        /// By the word of the tree of a file that stays.
        case kept(String, SegmentReader.Location)
        case joined(payloadChecksum: UInt64)
    }

    /// - Parameter kept: Files whose blocks need not be copied. Damaged ones are passed over.
    init(kept: [StoreInventory.File]) {
        for file in kept {
            let owner: RecorderID? = if case .segment(let id) = file.kind { id } else { nil }
            insert(segment: file.path, owner: owner)
        }
    }

    /// Nothing is known yet.
    init() {}

    /// Adds the blocks of the segment at `path`, unless it is damaged.
    ///
    /// - Parameter owner: Whose blocks those are that do not name their recorder.
    mutating func insert(segment path: String, owner: RecorderID?) {
        guard let segment = try? SegmentReader(path) else { return }
        for location in segment.locations {
            guard let id = location.recorderID ?? owner else { continue }
            let name = BlockName(recorderID: id, sequence: location.sequence)
            blocks[name] = .kept(path, location)
        }
        for location in segment.openSpanLocations {
            if let id = location.recorderID { recordersWithOpenSpans.insert(id) }
        }
    }

    /// Adds a block that is in the segment that is being made.
    mutating func insert(_ name: BlockName, payloadChecksum: UInt64) {
        blocks[name] = .joined(payloadChecksum: payloadChecksum)
    }

    /// Whether a block of the same name is known, with another payload.
    mutating func contradicts(_ element: CompactionInput.Element) -> Bool {
        guard let checksum = payloadChecksum(of: element.name) else { return false }
        return checksum != element.payloadChecksum
    }

    /// - Returns: Whether the block was not known.
    mutating func insert(_ element: CompactionInput.Element) -> Bool {
        guard payloadChecksum(of: element.name) == nil else { return false }
        insert(element.name, payloadChecksum: element.payloadChecksum)
        return true
    }

    /// - Returns: Whether no open spans of the recorder were known.
    mutating func insert(openSpans element: CompactionInput.Element) -> Bool {
        recordersWithOpenSpans.insert(element.name.recorderID).inserted
    }

    /// `nil` if the block is not known, or damaged where it is said to be.
    mutating func payloadChecksum(of name: BlockName) -> UInt64? {
        switch blocks[name] {
        case nil: return nil
        case .joined(let checksum): return checksum
        case .kept(let path, let location):
            guard let block = try? SegmentReader(path).block(at: location) else {
                blocks[name] = nil
                return nil
            }
            blocks[name] = .joined(payloadChecksum: block.payloadChecksum)
            return block.payloadChecksum
        }
    }
}

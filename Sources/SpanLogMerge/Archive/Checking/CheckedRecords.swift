import FoundationEssentials
import SpanLogFormat
import SpanLogStore

/// What a check of an archive has to know of a record that a trace or the quarantine names.
struct CheckedRecord: BitwiseCopyable, Sendable {
    /// XXH3-64 of its bytes.
    let hash: UInt64
    /// What the digest knows its producer by.
    let producer: UInt64
    let spanID: UInt64
    /// 0 for none.
    let parentID: UInt64
    /// The number of the reason why it can be in no trace, plus 1, or 0 if it can.
    let defect: UInt64
}

/// The records of all blocks of an archive, by the numbers that entries name them by.
///
/// The first 64 MiB of them are in memory, the others in temporary space: traces name them in any order.
struct CheckedRecords {
    /// What is held in memory.
    private let heldCountMax: Int
    private var blocks: [UInt64: Block] = [:]
    private var held: [CheckedRecord] = []
    private var file: SpillFile?
    private var spilledCount = 0
    private var buffer = [CheckedRecord](
        repeating: .init(hash: 0, producer: 0, spanID: 0, parentID: 0, defect: 0), count: 1)

    private struct Block {
        /// The place of its first record among all.
        let first: Int
        let count: Int
        /// The number among the recorder's blocks, plus 1; 0 for spans that were open.
        let sequence: UInt64
    }

    init(heldBytesMax: Int = 64 << 20) {
        heldCountMax = heldBytesMax / MemoryLayout<CheckedRecord>.stride
    }

    /// Adds the records of a block.
    ///
    /// - Throws: ``MergeError`` if temporary space cannot be written.
    mutating func add(_ records: [CheckedRecord], of number: UInt64, sequence: UInt64) throws {
        blocks[number] = Block(
            first: held.count + spilledCount, count: records.count, sequence: sequence)
        // Once something is in temporary space, so is all that follows.
        if file == nil, held.count + records.count <= heldCountMax {
            held += records
            return
        }
        try usingSpace { directory in
            let file = try self.file ?? SpillFile(in: directory, SpillUsage())
            self.file = file
            _ = try file.write(records.span)
        }
        spilledCount += records.count
    }

    private func usingSpace(_ body: (_ directory: String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.path
        do {
            try body(directory)
        } catch {
            throw MergeError(
                .writeFailed,
                "Cannot use temporary space in \(directory): make room there, or set TMPDIR to "
                    + "another directory.", cause: error)
        }
    }

    func holdsBlock(_ number: UInt64) -> Bool { blocks[number] != nil }

    /// A record, and the number that the digest knows its block by.
    ///
    /// - Returns: `nil` if there is none.
    mutating func record(
        _ place: ArchivedTraceEntry.Place
    ) throws -> (record: CheckedRecord, sequence: UInt64)? {
        guard let block = blocks[place.block], place.index < UInt64(block.count) else { return nil }
        let index = block.first + Int(place.index)
        if index < held.count { return (held[index], block.sequence) }
        let byteCount = MemoryLayout<CheckedRecord>.stride
        let place = SpillFile.Place(
            offset: (index - held.count) * byteCount, byteCount: byteCount)
        try usingSpace { _ in try file?.read(place, into: &buffer) }
        return (buffer[0], block.sequence)
    }
}

extension CheckedRecord {
    /// All records of a block, as a merge takes them: those that can be in no trace among them.
    static func all(of block: Block) -> [CheckedRecord] {
        let places = SpanPlaces(in: block.bytes.span, block.payload)
        let (recorderID, bootID) = (block.header.recorderID, block.header.anchor.bootID)
        let unknown = Producer(
            origin: .withoutResource(recorderID, bootID), scope: [], schemaURL: []
        ).hash
        var records: [CheckedRecord] = []
        records.reserveCapacity(places.spans.count)
        var last: (resource: Range<Int>, origin: Origin?)?
        for group in places.groups {
            if last?.resource != group.resource {
                last = (
                    group.resource,
                    try? Origin(
                        recorderID: recorderID, bootID: bootID,
                        resource: Array(block.bytes[group.resource]),
                        schemaURL: Array(block.bytes[group.resourceSchema]))
                )
            }
            guard let origin = last?.origin else {
                for index in group.spans {
                    let hash = Checksum.xxh3(block.bytes, places.spans[index])
                    records.append(.init(hash, unknown, .undecodableResource))
                }
                continue
            }
            let bare = Producer(origin: origin, scope: [], schemaURL: []).hash
            let producer = Producer(
                origin: origin, scope: Array(block.bytes[group.scope]),
                schemaURL: Array(block.bytes[group.scopeSchema])
            ).hash
            for index in group.spans {
                records.append(.init(block, places.spans[index], producer, withoutScope: bare))
            }
        }
        if places.isBrokenOff {
            let hash = Checksum.xxh3(block.bytes, block.payload)
            records.append(.init(hash, unknown, .undecodableBlock))
        }
        return records
    }

    private init(_ hash: UInt64, _ producer: UInt64, _ reason: SetAsideReason) {
        self.init(
            hash: hash, producer: producer, spanID: 0, parentID: 0,
            defect: UInt64(reason.rawValue) + 1)
    }

    private init(
        _ block: Block, _ range: Range<Int>, _ producer: UInt64, withoutScope bare: UInt64
    ) {
        let hash = Checksum.xxh3(block.bytes, range)
        let span: ScannedSpan
        do {
            span = try ScannedSpan(scanning: block.bytes.span, range)
        } catch {
            self.init(hash, bare, SetAsideReason(error))
            return
        }
        if let defect = span.defect {
            self.init(hash, bare, SetAsideReason(defect))
            return
        }
        self.init(
            hash: hash, producer: producer, spanID: span.spanID, parentID: span.parentSpanID,
            defect: 0)
    }
}

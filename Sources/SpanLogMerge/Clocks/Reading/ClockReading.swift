import SpanLogFormat
import SpanLogStore

/// Corrects the times of spans as they are read from an archive.
struct ClockReading {
    let corrections: ClockCorrections
    /// The table `seals`.
    private let table: LMDBTree?
    private var known: [[UInt8]: DomainCorrection?] = [:]
    private var chunk: [[UInt8]: UInt64] = [:]
    private var chunkKeys: (first: [UInt8], last: [UInt8])?

    init(_ corrections: ClockCorrections, seals table: LMDBTree?) {
        self.corrections = corrections
        self.table = table
    }

    /// The correction of times from `origin`, or `nil` if its clock is unknown.
    mutating func correction(of origin: Origin) -> DomainCorrection? {
        if let correction = known[origin.id] { return correction }
        let correction = corrections[ClockDomain(origin)]
        known[origin.id] = .some(correction)
        return correction
    }

    /// When a block was sealed, or `nil` if the archive does not say.
    ///
    /// - Parameter sequence: The block's number plus 1; 0 for none.
    mutating func seal(_ recorder: UInt128, _ sequence: UInt64) throws -> BlockSeal? {
        guard sequence > 0, let sealed = try sealed(recorder, sequence - 1) else { return nil }
        let before = try sequence > 1 ? self.sealed(recorder, sequence - 2) : nil
        return BlockSeal(sealed: sealed, before: before)
    }

    private mutating func sealed(_ recorder: UInt128, _ sequence: UInt64) throws -> UInt64? {
        let key = ArchiveFormat.sealKey(recorder, sequence)
        if !isInChunk(key) { try readChunk(for: key) }
        return chunk[key]
    }

    private func isInChunk(_ key: [UInt8]) -> Bool {
        guard let keys = chunkKeys else { return false }
        return !key.lexicographicallyPrecedes(keys.first)
            && !keys.last.lexicographicallyPrecedes(key)
    }

    /// Reads the first chunk whose key is not less.
    private mutating func readChunk(for key: [UInt8]) throws {
        chunk = [:]
        chunkKeys = (key, key)
        try table?.forEachEntry(from: key) { entry in
            guard let value = try table?.value(of: entry) else { return false }
            for seals in try ArchivedSeals.all(in: value) {
                for block in seals.blocks {
                    chunk[ArchiveFormat.sealKey(seals.recorder, block.sequence)] = block.sealed
                }
            }
            chunkKeys = (key, entry.key)
            return false
        }
    }
}

extension ArchivedSeals {
    /// The entries of a chunk.
    static func all(in value: [UInt8]) throws(FormatError) -> [ArchivedSeals] {
        var seals: [ArchivedSeals] = []
        let content = try ArchiveChunk.content(of: value)
        var reader = ProtobufReader(content.bytes, content.payload)
        while let field = try reader.next() {
            guard field.number == ArchiveFormat.Chunk.entry else { continue }
            seals.append(try ArchivedSeals(decoding: content.bytes, try reader.range(field.value)))
        }
        return seals
    }
}

extension ArchivedAnchors {
    /// The entries of a chunk.
    static func all(in value: [UInt8]) throws(FormatError) -> [(ClockDomain, ClockAnchors)] {
        var anchors: [(ClockDomain, ClockAnchors)] = []
        let content = try ArchiveChunk.content(of: value)
        var reader = ProtobufReader(content.bytes, content.payload)
        while let field = try reader.next() {
            guard field.number == ArchiveFormat.Chunk.entry else { continue }
            anchors.append(try decode(content.bytes, try reader.range(field.value)))
        }
        return anchors
    }
}

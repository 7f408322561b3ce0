import SpanLogFormat
import SpanLogStore

/// One check of an archive: table by table, whatever is damaged of the tree or of a value.
struct ArchiveCheck {
    var report: ArchiveReport
    let path: String
    private let file: ReadOnlyFile
    private let tables: LMDBFile?
    private var damages: ArchiveDamages
    var records = CheckedRecords()
    /// Of each block that is missing, how many records are named beside the first.
    private var missing: [UInt64: Int] = [:]
    /// The digest of what was read so far.
    var digest: UInt128 = 0
    private var mergeReport: MergeReport?
    /// Sums over the identifiers of traces, by which those of `traces` and of `index` are compared.
    var (traceSum, summarySum): (UInt64, UInt64) = (0, 0)
    var summaryCount: UInt64 = 0

    /// - Throws: ``MergeError`` if there is no archive at `path`, or one of another format.
    init(_ path: String) throws {
        self.path = path
        report = ArchiveReport(path: path)
        damages = ArchiveDamages(path: path)
        do {
            file = try ReadOnlyFile(path)
            report.byteCount = try file.byteCount()
        } catch {
            throw MergeError(
                .notFound, "Cannot open \(path): name an archive that `spanlog merge` made.",
                cause: error)
        }
        do {
            tables = try LMDBFile(file)
        } catch {
            tables = nil
            damages.add("\(error)", .init(byteOffset: 0))
        }
        let meta = try? tables?.table(ArchiveFormat.meta)
        let format = (try? meta?.value(for: ArchiveFormat.formatKey)) ?? nil
        if let format, ArchiveFile.isOtherFormat(format) {
            throw ArchiveReader.unknown(path, format)
        }
        guard format != nil || ArchiveFile.isArchive(file) else {
            throw MergeError(.notAnArchive, ArchiveFile.neither(path))
        }
    }

    /// Reads everything.
    ///
    /// - Throws: ``MergeError`` if temporary space cannot be written.
    mutating func run() throws {
        guard let tables else { return finish() }
        if tables.isCutOff {
            damages.add("the rest of the file is missing", .init(byteOffset: report.byteCount))
        }
        for damage in (try? tables.metaDamages()) ?? [] {
            add(damage.reason, page: damage.page, of: nil)
        }
        try checkMeta()
        try checkBlocks()
        try checkTraces()
        try checkQuarantine()
        try checkIndex()
        try checkAnchors()
        try checkSeals()
        finish()
    }

    /// Compares what was read with what the merge said, and with itself.
    private mutating func finish() {
        for (block, count) in missing.sorted(by: { $0.key < $1.key }) where count > 0 {
            add("\(count) more records of block \(block) are named, which are not there either")
        }
        report.digest = mergeReport?.digest ?? ""
        // What is damaged is missing in the sums as well.
        if damages.isEmpty, let mergeReport {
            let digest = Hexadecimal.string(digest.bigEndianBytes)
            if digest != mergeReport.digest {
                add("the records give the digest \(digest), and the report says \(report.digest)")
            }
            if summaryCount != report.traceCount || summarySum != traceSum {
                add("the table index lists other traces than there are")
            }
            if Int(exactly: report.traceCount) != mergeReport.traces.total {
                add("there are other traces than the report counts")
            }
        }
        report.damages = damages.named
    }
}

// MARK: Tables

extension ArchiveCheck {
    /// A value of a table that is being checked.
    struct Value {
        let table: String
        let entry: LMDBTree.Entry
        let bytes: [UInt8]

        var place: ArchiveDamages.Place {
            .init(table: table, key: entry.key, byteOffset: entry.valueOffset)
        }
    }

    mutating func add(_ reason: String, _ place: ArchiveDamages.Place = .init()) {
        damages.add(reason, place)
    }

    /// Names a record that is not there. Of a block that is missing altogether the first one will do.
    mutating func addMissing(
        _ record: ArchivedTraceEntry.Place, _ who: String, _ place: ArchiveDamages.Place
    ) {
        let isBlockMissing = !records.holdsBlock(record.block)
        if isBlockMissing, let count = missing[record.block] {
            missing[record.block] = count + 1
            return
        }
        if isBlockMissing, missing.count < Self.missingBlocksMax { missing[record.block] = 0 }
        let name = "record \(record.index) of block \(record.block)"
        add("\(who) names \(name), which is not there", place)
    }

    private static let missingBlocksMax = 1000

    private mutating func add(
        _ reason: String, page: UInt64, of table: String?, key: [UInt8]? = nil
    ) {
        let offset = page &* UInt64(tables?.pageByteCount ?? 4096)
        add("the tree is damaged: \(reason)", .init(table: table, key: key, byteOffset: offset))
    }

    /// Calls `body` with each value of a table that can be read, in the order of the tree.
    ///
    /// - Throws: What `body` throws but for ``FormatError``, which is damage of the value.
    mutating func forEachValue(
        of name: String, _ body: (inout ArchiveCheck, Value) throws -> Void
    ) throws {
        guard let tables else { return }
        let tree: LMDBTree?
        do {
            tree = try tables.table(name)
        } catch {
            return add("\(error)", page: tables.rootPage, of: name)
        }
        var lastKey: [UInt8]?
        var unclaimedByteCount = report.byteCount
        try tree?.forEachReadableEntry { entry in
            let place = ArchiveDamages.Place(
                table: name, key: entry.key, byteOffset: entry.valueOffset)
            if let lastKey, !lastKey.lexicographicallyPrecedes(entry.key) {
                add("the key is not greater than the one before it", place)
            }
            lastKey = entry.key
            // Forged entries that all name the same large value would multiply the work.
            let claimed = UInt64(max(entry.valueByteCount, ArchiveFile.valueByteCountMin))
            guard claimed <= unclaimedByteCount else {
                return add("the values overlap", place)
            }
            unclaimedByteCount -= claimed
            if let reason = tree?.damage(onWayTo: entry) { add(reason, place) }
            do {
                guard let bytes = try tree?.value(of: entry) else { return }
                try body(&self, Value(table: name, entry: entry, bytes: bytes))
            } catch let error as MergeError {
                throw error
            } catch {
                add("\(error)", place)
            }
        } damaged: { damage in
            add(damage.reason, page: damage.page, of: name, key: damage.key)
        }
    }

    /// Calls `body` with each entry of each chunk of a table. It returns the entry's key, by which they
    /// are in order, and which is that of the chunk for its last one.
    mutating func forEachEntry(
        of name: String,
        _ body: (inout ArchiveCheck, Value, [UInt8], Range<Int>) throws -> [UInt8]
    ) throws {
        var lastKey: [UInt8]?
        try forEachValue(of: name) { check, value in
            let content = try ArchiveChunk.content(of: value.bytes)
            var reader = ProtobufReader(content.bytes, content.payload)
            var key: [UInt8]?
            while let field = try reader.next() {
                guard field.number == ArchiveFormat.Chunk.entry else { continue }
                let range = try reader.range(field.value)
                let found = try body(&check, value, content.bytes, range)
                if let lastKey, !lastKey.lexicographicallyPrecedes(found) {
                    check.add("an entry is out of order", value.place)
                }
                (key, lastKey) = (found, found)
            }
            if key != value.entry.key {
                check.add("the chunk does not end with the entry of its key", value.place)
            }
        }
    }

    private mutating func checkMeta() throws {
        var (hasFormat, hasReport, hasClocks) = (false, false, false)
        try forEachValue(of: ArchiveFormat.meta) { check, value in
            switch value.entry.key {
            case ArchiveFormat.formatKey:
                hasFormat = true
                guard value.bytes == ArchiveFormat.format else {
                    throw FormatError("the format has no name")
                }
            case ArchiveFormat.reportKey:
                hasReport = true
                let content = try ArchiveChunk.content(of: value.bytes)
                check.mergeReport = try MergeReport(
                    decoding: Array(content.bytes[content.payload]))
            case ArchiveFormat.clocksKey:
                hasClocks = true
                let content = try ArchiveChunk.content(of: value.bytes)
                _ = try ClockCorrections(decoding: Array(content.bytes[content.payload]))
            default: throw FormatError("nobody knows this key")
            }
        }
        for (isThere, key) in [
            (hasFormat, ArchiveFormat.formatKey), (hasReport, ArchiveFormat.reportKey),
            (hasClocks, ArchiveFormat.clocksKey),
        ] where !isThere {
            add("the value is missing", .init(table: ArchiveFormat.meta, key: key))
        }
    }

    private mutating func checkBlocks() throws {
        var next: UInt64 = 0
        try forEachValue(of: ArchiveFormat.blocks) { check, value in
            guard value.entry.key.count == 8 else {
                throw FormatError("a block has no number")
            }
            let number = UInt64(bigEndianBytes: value.entry.key)
            var place = value.place
            if number > next {
                check.add("the blocks \(next) to \(number - 1) are missing", place)
            }
            next = max(next, number == .max ? .max : number + 1)
            place.block = number
            let block: Block
            do {
                block = try Block(archived: value.bytes)
            } catch {
                return check.add("\(error)", place)
            }
            check.report.blockCount += 1
            try check.records.add(
                CheckedRecord.all(of: block), of: number,
                sequence: BlockSequences.sequence(of: block))
        }
    }
}

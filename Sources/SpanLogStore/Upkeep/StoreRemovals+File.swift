import SpanLogFormat

extension StoreRemovals {
    /// Reads what a store says of its gaps; nothing if it says nothing.
    ///
    /// - Throws: ``StoreError`` if the file is there and cannot be read or is damaged.
    init(_ directory: StoreDirectory) throws(StoreError) {
        let path = directory.filePath(Self.fileName)
        do {
            let file = try ReadOnlyFile(path)
            let byteCount = try file.byteCount()
            guard byteCount <= Self.byteCountMax else { throw FormatError("it is too long") }
            try self.init(decoding: try file.bytes(at: 0, count: Int(byteCount)))
        } catch let error as SystemError {
            guard error.isNotFound else { throw StoreDirectory.openError(path, error) }
            self.init()
        } catch {
            throw StoreError(
                .damaged,
                "\(path) is damaged: \(error). What was removed from the store counts as missing.")
        }
    }

    /// Puts these in place of what the store said before. When this returns, they are durable.
    func write(to directory: StoreDirectory) throws(SystemError) {
        try FileSystem.replaceFile(directory.filePath(Self.fileName), with: encoded())
        try FileSystem.syncDirectory(directory.path)
    }

    func encoded() -> [UInt8] {
        var bytes = Self.version.littleEndianBytes + [UInt8](repeating: 0, count: 6)
        bytes += UInt64(entries.count).littleEndianBytes
        for entry in entries { bytes += entry.encoded() }
        let checksum = Checksum.xxh3(bytes, 0..<bytes.count)
        return Self.magic + checksum.littleEndianBytes + bytes
    }

    init(decoding bytes: [UInt8]) throws(FormatError) {
        guard bytes.count >= Self.headerByteCount, bytes.starts(with: Self.magic) else {
            throw FormatError("it does not begin as it should")
        }
        let version = UInt16(littleEndianIn: bytes, at: 16)
        guard version == Self.version else {
            throw FormatError("it has format \(version); this version reads 1")
        }
        let count = UInt64(littleEndianIn: bytes, at: 24)
        let rest = bytes.count - Self.headerByteCount
        guard count == rest / Entry.byteCount, rest.isMultiple(of: Entry.byteCount) else {
            throw FormatError("it is cut off")
        }
        guard Checksum.xxh3(bytes, 16..<bytes.count) == UInt64(littleEndianIn: bytes, at: 8)
        else { throw FormatError("its checksum does not match its bytes") }
        let starts = stride(from: Self.headerByteCount, to: bytes.count, by: Entry.byteCount)
        let entries = starts.compactMap { Entry(decoding: bytes, at: $0) }
        guard entries.count == starts.underestimatedCount else {
            throw FormatError("an entry's numbers are impossible")
        }
        try self.init(checking: entries)
    }

    private static let magic = Array("SPLGGAP1".utf8)
    private static let version: UInt16 = 1
    private static let headerByteCount = 32
    private static let byteCountMax: UInt64 = 16 << 20
}

extension StoreRemovals.Entry {
    static let byteCount = 128

    fileprivate func encoded() -> [UInt8] {
        var bytes = recorderID.bytes
        let numbers = [
            first, blockCount, spanCount, openSpanCount, earliestNanoseconds, latestNanoseconds,
            removedNanoseconds,
        ]
        for number in numbers + drops.all { bytes += number.littleEndianBytes }
        return bytes + [UInt8](repeating: 0, count: Self.byteCount - bytes.count)
    }

    fileprivate init?(decoding bytes: [UInt8], at start: Int) {
        func number(_ index: Int) -> UInt64 {
            UInt64(littleEndianIn: bytes, at: start + 16 + 8 * index)
        }
        guard let id = RecorderID(bytes: bytes[start..<start + 16]),
            !number(0).addingReportingOverflow(number(1)).overflow
        else { return nil }
        self.init(
            recorderID: id, first: number(0), blockCount: number(1), spanCount: number(2),
            openSpanCount: number(3), earliestNanoseconds: number(4),
            latestNanoseconds: number(5), removedNanoseconds: number(6),
            drops: DropCounters((7..<13).map(number)))
    }
}

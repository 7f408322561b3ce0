import SpanLogFormat

/// Takes everything intact out of a store, or of an archive's blocks, and makes a new, sound store of it.
///
/// Blocks stay as they are, with recorder, boot, number and counters; spools become blocks, open spans
/// stay unfinished, and known gaps stay known. What is rescued is only read, so it may be on a medium
/// that cannot be written. What is lost stays visible as missing.
public struct StoreSalvager {
    private let path: String
    private let source: Source
    private let output: String
    /// The bytes at which a segment is finished.
    var segmentByteCount = 1 << 30

    private enum Source {
        case store(Store)
        case archive(ArchiveScan)
    }

    /// - Parameters:
    ///   - path: The store's directory, or the archive.
    ///   - output: A directory that does not exist, or is empty. It must not be in the store.
    /// - Throws: ``StoreError`` if there is neither a store nor an archive, or the output is refused.
    public init(_ path: String, output: String) throws(StoreError) {
        self.path = path
        source = Store.isFile(path) ? .archive(try ArchiveScan(path)) : .store(try Store(path))
        self.output = output
        try checkOutput()
    }

    private func checkOutput() throws(StoreError) {
        let names = (try? FileSystem.entries(of: output)) ?? []
        guard names.isEmpty else {
            throw StoreError(
                .writeFailed,
                "\(output) is not empty, and a rescue writes into no store that is there: choose a "
                    + "new directory.")
        }
        if isInStore(output) { throw insideError() }
    }

    /// Whether what will be at `output` is the store's directory, or somewhere below it.
    private func isInStore(_ output: String) -> Bool {
        guard let source = try? FileSystem.identity(of: path) else { return false }
        var output = output
        while (try? FileSystem.identity(of: output)) == nil,
            FileSystem.parent(of: output) != output
        {
            output = FileSystem.parent(of: output)
        }
        // Whatever names and links a path consists of, ".." is the directory above.
        while let identity = try? FileSystem.identity(of: output), identity != source {
            output += "/.."
            if identity == (try? FileSystem.identity(of: output)) { return false }
        }
        return (try? FileSystem.identity(of: output)) == source
    }

    private func insideError() -> StoreError {
        StoreError(
            .writeFailed,
            "\(output) is in the store that is to be read, and that stays as it is: choose a "
                + "directory outside of \(path).")
    }

    /// Writes the new store.
    ///
    /// - Returns: What was rescued, and what is damaged or lost.
    /// - Throws: ``StoreError`` if the output cannot be written; it is removed then.
    /// - Complexity: O(*n*) in the bytes of the store; the names of all blocks, 32 MiB and the spools
    ///   are in memory.
    public func run() throws(StoreError) -> SalvageReport {
        let directory = try StoreDirectory.openForWriting(output)
        do {
            var report = try write(to: directory)
            try check(&report)
            return report
        } catch {
            try? FileSystem.removeFile(directory.filePath(StoreDirectory.markerName))
            try? FileSystem.removeFile(directory.filePath(StoreRemovals.fileName))
            try? FileSystem.removeDirectory(output)
            if let error = error as? StoreError { throw error }
            throw StoreError(
                .writeFailed,
                "Cannot write \(output): make room there, or choose another directory. \(path) is "
                    + "as it was.", cause: error)
        }
    }

    private func write(to directory: StoreDirectory) throws -> SalvageReport {
        let files = files
        let segments = SalvagedSegments(
            in: directory, inputByteCount: files.reduce(0) { $0 + $1.byteCount },
            segmentByteCount: segmentByteCount)
        do {
            let report: SalvageReport
            switch source {
            case .store(let store):
                report = try copyBlocks(of: store, to: segments)
                try copyRemovals(to: directory)
            case .archive(let archive): report = try copyBlocks(of: archive, to: segments)
            }
            try segments.publish(
                modifiedNanoseconds: files.map(\.modifiedNanoseconds).max() ?? Clocks.realtime())
            return report
        } catch {
            segments.discard()
            throw error
        }
    }

    /// The sizes and times of what is read.
    private var files: [FileSystem.Status] {
        switch source {
        case .store(let store): store.files
        case .archive: [(try? FileSystem.status(of: path)) ?? nil].compactMap { $0 }
        }
    }

    private func copyBlocks(
        of store: Store, to segments: SalvagedSegments
    ) throws -> SalvageReport {
        var copy = Copy(segments)
        var report = try StoreReport(store) { try copy.add($0, $1, $2) }
        report.add(copy.surplus)
        return SalvageReport(output: output, source: report, copy.counts)
    }

    private func copyBlocks(
        of archive: ArchiveScan, to segments: SalvagedSegments
    ) throws -> SalvageReport {
        var (archive, copy) = (archive, Copy(segments))
        var report = try StoreReport(&archive) { try copy.add($0, $1, path) }
        report.add(copy.surplus)
        return SalvageReport(
            output: output, source: report, copy.counts, lostBlockCount: archive.lostBlockCount)
    }

    /// Blocks on their way into the new store.
    private struct Copy {
        let segments: SalvagedSegments
        private(set) var counts = SalvageReport.Counts()
        private(set) var surplus: [Store.Damage] = []

        init(_ segments: SalvagedSegments) {
            self.segments = segments
        }

        mutating func add(_ block: Block, _ value: [UInt8]?, _ file: String) throws {
            if try segments.put(block, value: value) {
                counts.add(block)
            } else {
                surplus.append(StoreSalvager.surplus(block, file))
            }
        }
    }

    private static func surplus(_ block: Block, _ file: String) -> Store.Damage {
        let (id, sequence) = (block.header.recorderID, block.header.sequence)
        return Store.Damage(
            file: file, recorder: id.description, sequence: sequence,
            reason:
                "\(file) holds one more block \(sequence) of recorder \(id), of which there are "
                + "\(SalvagedSegments.sameNameMax) different ones already; it was left out")
    }

    private func copyRemovals(to directory: StoreDirectory) throws {
        // What is wrong with them, the report of the store says.
        let removals = try? StoreRemovals(StoreDirectory(path: path))
        guard let removals, !removals.entries.isEmpty else { return }
        try removals.write(to: directory)
    }

    /// Reads the new store back: a rescue that cannot be read is none.
    private func check(_ report: inout SalvageReport) throws(StoreError) {
        let written = StoreReport(try Store(output))
        report.byteCount = written.byteCount
        let isMissingOnly = written.damages.count == written.recorders.flatMap(\.gaps).count
        let spanCount = written.recorders.reduce(0) { $0 &+ $1.spanCount }
        guard isMissingOnly, spanCount >= report.source.recorders.reduce(0, { $0 &+ $1.spanCount })
        else {
            throw StoreError(
                .damaged,
                "\(output) could not be read back as it was written, so it was removed: check the "
                    + "disk, or choose another directory. \(path) is as it was.")
        }
    }
}

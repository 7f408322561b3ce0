import SpanLogFormat

/// Removes the oldest files of a store that keeps too much: whole files, of recorders that are dead
/// and of this process's own past, never those of another living recorder.
struct StoreRetention {
    let directory: StoreDirectory
    let limits: RetentionLimits
    /// The recorder of this process, if it has one here.
    var own: StoreInventory.Own?
    /// Called before each step, for tests that stop there.
    var onStep: (Step) throws -> Void = { _ in }

    /// What comes next.
    enum Step: Hashable, Sendable {
        case record
        case remove(String)
    }

    /// Removes what is too old or too much, and says so in the store before.
    ///
    /// Does nothing if another process is at it.
    ///
    /// - Returns: The files that were removed.
    /// - Throws: ``StoreError`` or ``SystemError``. What is removed by then is recorded; what is
    ///   recorded and still there counts as there.
    func enforce() throws -> [String] {
        let lock = try ReadOnlyFile(directory.path)
        guard try lock.lock() else { return [] }
        return try withExtendedLifetime(lock) { try enforceLocked() }
    }

    private func enforceLocked() throws -> [String] {
        let inventory = try StoreInventory(directory, own: own)
        for path in inventory.leftovers { try FileSystem.removeFile(path) }
        let files = excess(of: inventory, now: Clocks.realtime())
        guard !files.isEmpty else { return [] }
        var removals = try StoreRemovals(directory)
        let before = removals
        for file in files { removals.add(file, at: Clocks.realtime()) }
        try onStep(.record)
        if removals != before { try removals.write(to: directory) }
        for file in files {
            try onStep(.remove(file.path))
            try FileSystem.removeFile(file.path)
            try FileSystem.removeFile(file.path + "-lock")
        }
        return files.map(\.path)
    }

    /// The oldest files, as long as they are too old or there is too much.
    private func excess(of inventory: StoreInventory, now: UInt64) -> ArraySlice<
        StoreInventory.File
    > {
        var byteCount = inventory.byteCount
        return inventory.files.prefix { file in
            let isTooMuch = limits.byteCountMax.map { byteCount > $0 } ?? false
            let isTooOld =
                limits.ageNanosecondsMax.map {
                    now > file.modifiedNanoseconds && now - file.modifiedNanoseconds > $0
                } ?? false
            byteCount -= min(byteCount, file.byteCount)
            return isTooMuch || isTooOld
        }
    }
}

extension StoreRemovals {
    /// Adds what a file holds, as far as it is not known already. Of a damaged file this is what
    /// can be read.
    fileprivate mutating func add(_ file: StoreInventory.File, at now: UInt64) {
        switch file.kind {
        case .segment, .compacted:
            guard let segment = try? SegmentReader(file.path) else { return }
            add(segment.headers, at: now)
            add(openSpans: segment.openSpanHeaders, at: now)
        case .block:
            guard let block = try? Block.read(file.path) else { return }
            add([block.header], at: now)
        case .spool:
            guard let blocks = try? SpoolReader.open(file.path).blocks else { return }
            add(blocks.filter { !$0.holdsOpenSpans }.map(\.header), at: now)
            add(openSpans: blocks.filter(\.holdsOpenSpans).map(\.header), at: now)
        }
    }

    private mutating func add(_ headers: some Sequence<BlockHeader>, at now: UInt64) {
        add(
            headers.filter { !contains($0.sequence, of: $0.recorderID) }.map { header in
                var entry = Entry(
                    recorderID: header.recorderID, first: header.sequence, blockCount: 1,
                    removedNanoseconds: now)
                entry.spanCount = UInt64(header.spanCount)
                entry.take(header)
                return entry
            })
    }

    private mutating func add(openSpans headers: some Sequence<BlockHeader>, at now: UInt64) {
        add(
            headers.filter { !containsOpenSpans(of: $0.recorderID) }.map {
                var entry = Entry(
                    recorderID: $0.recorderID, first: 0, blockCount: 0, removedNanoseconds: now)
                entry.openSpanCount = UInt64($0.spanCount)
                entry.take($0)
                return entry
            })
    }
}

extension StoreRemovals.Entry {
    fileprivate mutating func take(_ header: BlockHeader) {
        if header.spanCount > 0 {
            earliestNanoseconds = header.earliestNanoseconds
            latestNanoseconds = header.latestNanoseconds
        }
        drops = header.drops
    }
}

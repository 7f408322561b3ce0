package import SpanLogFormat
import SpanLogLMDB

/// Brings spans out of files into a store: all of a file's blocks appear at once, or none does.
///
/// A block whose name and payload are in the store already is not written again, so a file may come
/// as often as it likes. As long as this lives it holds the directory's lock, as a compaction does.
package final class StoreImport {
    private let directory: StoreDirectory
    private let lock: ReadOnlyFile
    private var known = KnownBlocks()

    /// Opens the store at `path`, makes it if it is not there, and removes what an import or a
    /// compaction that was killed has left behind.
    ///
    /// - Throws: ``StoreError`` if the directory cannot be used as a store, or another process that
    ///   needs it for itself is at work there.
    /// - Complexity: O(*n*) in the number of blocks, whose names are held in memory.
    package init(_ path: String) throws(StoreError) {
        directory = try StoreDirectory.openForWriting(path)
        do {
            lock = try ReadOnlyFile(directory.path)
            guard try lock.lock() else { throw Self.busy(path) }
            for path in try StoreInventory(directory).leftovers { try FileSystem.removeFile(path) }
        } catch let error as StoreError {
            throw error
        } catch {
            throw Self.unwritable(path, error)
        }
        for path in try directory.segmentPaths() {
            let name = StoreDirectory.SegmentName(fileName: FileSystem.name(of: path))
            known.insert(segment: path, owner: name?.recorderID)
        }
    }

    private static func busy(_ path: String) -> StoreError {
        StoreError(
            .writeFailed,
            "Another import, or a spanlog compact, is at work in \(path), or a recorder that removes "
                + "old files: try again when it is done.")
    }

    fileprivate static func unwritable(_ path: String, _ error: any Error) -> StoreError {
        StoreError(
            .writeFailed,
            "Cannot import into \(path): make room there, or choose another directory. Files that "
                + "were imported before are whole, and nothing of this one is there.",
            cause: error)
    }

    /// Removes what is not whole yet in the store at `path`, for a process that is about to end. Any
    /// thread may call it.
    package static func removeUnfinishedFiles(of path: String) {
        let directory = StoreDirectory(path: path)
        for name in (try? directory.entries()) ?? []
        where name.hasPrefix(StoreDirectory.CompactedName.prefix) && name.hasSuffix(".tmp") {
            try? FileSystem.removeFile(directory.filePath(name))
        }
    }
}

extension StoreImport {
    /// The blocks of one file, until all are there.
    package final class File {
        private let store: StoreImport
        private let segment: CompactedSegment
        private var compressor = BlockCompressor()
        private var added: [BlockName: UInt64] = [:]

        fileprivate init(_ store: StoreImport, _ segment: CompactedSegment) {
            self.store = store
            self.segment = segment
        }

        /// Takes a block, and compresses it.
        ///
        /// - Returns: Whether the store does not have it yet.
        /// - Throws: ``StoreError`` if the store has another one of its name, or the disk fails.
        package func add(_ draft: SharedStoreWriter.Draft) throws(StoreError) -> Bool {
            let name = BlockName(recorderID: draft.recorderID, sequence: draft.sequence)
            let checksum = Checksum.xxh3(draft.payload, 0..<draft.payload.count)
            if let known = store.known.payloadChecksum(of: name) {
                guard known == checksum else { throw contradiction(name) }
                return false
            }
            let sealed = Self.sealed(draft)
            let block = compressor?.compressed(sealed) ?? sealed
            do {
                try segment.put(block, name, holdsOpenSpans: false)
            } catch {
                throw StoreImport.unwritable(store.directory.path, error)
            }
            added[name] = checksum
            return true
        }

        /// Nothing in it depends on when or where it is made: no clock of this host has to do with its
        /// spans.
        private static func sealed(_ draft: SharedStoreWriter.Draft) -> [UInt8] {
            let anchor = ClockAnchor(
                bootID: [UInt8](repeating: 0, count: 16), realtimeNanoseconds: 0,
                boottimeNanoseconds: 0, uncertaintyNanoseconds: 0)
            var header = BlockHeader(
                recorderID: draft.recorderID, sequence: draft.sequence,
                spanCount: UInt32(draft.spanCount), payloadByteCount: UInt64(draft.payload.count),
                earliestNanoseconds: draft.earliestNanoseconds,
                latestNanoseconds: draft.latestNanoseconds, anchor: anchor, drops: DropCounters())
            header.isReceived = true
            return Block.sealed(header, payload: [draft.payload])
        }

        private func contradiction(_ name: BlockName) -> StoreError {
            StoreError(
                .damaged,
                "\(store.directory.path) has other spans in block \(name.sequence) of recorder "
                    + "\(name.recorderID), which another version of SpanLog imported from the same "
                    + "file: import it into an empty store.")
        }

        /// Makes all blocks durable, and part of the store.
        package func publish() throws(StoreError) {
            guard !segment.isEmpty else { return discard() }
            do {
                try segment.sync()
                segment.wasModified(at: Clocks.realtime())
                try segment.publish()
            } catch {
                discard()
                throw StoreImport.unwritable(store.directory.path, error)
            }
            for (name, checksum) in added {
                store.known.insert(name, payloadChecksum: checksum)
            }
        }

        /// Lets go of everything that was added.
        package func discard() { segment.discard() }
    }

    /// Begins with a file.
    ///
    /// - Parameters:
    ///   - id: What tells its content from any other.
    ///   - byteCount: The bytes of the content, which bound what it becomes.
    package func begin(_ id: RecorderID, byteCount: UInt64) throws(StoreError) -> File {
        // The smallest span is a block of 4 KiB if its recorder has no other. The map takes nothing
        // but address space for what is not written.
        let mapByteCount = min(byteCount, 1 << 38) * 128 + 64 << 20
        let smallest = Int(min(byteCount, 1 << 38) * 2 + 64 << 20)
        do {
            // A segment of an earlier import that lacks some of the blocks, which were damaged, stays.
            var name = StoreDirectory.CompactedName(id: id, number: 0)
            while try FileSystem.kind(of: directory.filePath(name.fileName)) != nil {
                name = StoreDirectory.CompactedName(id: id, number: name.number + 1)
            }
            return File(self, try segment(name, Int(mapByteCount), orElse: smallest))
        } catch {
            throw Self.unwritable(directory.path, error)
        }
    }

    /// Opens with the smaller size where a limit of address space (`ulimit -v`) forbids the other.
    private func segment(
        _ name: StoreDirectory.CompactedName, _ mapByteCount: Int, orElse smallest: Int
    ) throws -> CompactedSegment {
        do {
            return try CompactedSegment(name, in: directory, byteCountMax: mapByteCount)
        } catch let error as LMDBError {
            guard error.isOutOfMemory else { throw error }
            return try CompactedSegment(name, in: directory, byteCountMax: smallest)
        }
    }
}

import SpanLogStore
import Synchronization

/// Where gathered records wait: in memory as long as there is room, and then in temporary space,
/// which is opened once it is needed.
final class SpillSpace: Sendable {
    private let directory: String
    private let opened = Mutex<SpillFile?>(nil)
    private let heldBytesMax: Int
    private let heldByteCount = Atomic(0)

    /// - Parameter heldBytesMax: What full chunks may take in memory.
    init(in directory: String, heldBytesMax: Int) {
        self.directory = directory
        self.heldBytesMax = heldBytesMax
    }

    /// The bytes that were in use at the same time, at most.
    var byteCountMax: Int { opened.withLock { $0?.byteCountMax ?? 0 } }

    /// Runs `body` with the file.
    ///
    /// - Throws: ``MergeError`` with code ``MergeError/Code/writeFailed`` if it cannot be written.
    func withFile<Result>(_ body: (SpillFile) throws -> Result) throws -> Result {
        do {
            return try body(try file())
        } catch let error as SystemError {
            throw MergeError(
                .writeFailed,
                "Cannot use \(directory) for temporary files: make room there, name another "
                    + "directory with --temporary, or allow more memory with --memory. "
                    + "No archive was written.",
                cause: error)
        }
    }

    private func file() throws -> SpillFile {
        try opened.withLock { opened in
            if let opened { return opened }
            let file = try SpillFile(in: directory)
            opened = file
            return file
        }
    }
}

extension SpillSpace {
    /// Takes what has gathered in `chunk`, which is empty afterwards.
    ///
    /// - Throws: ``MergeError`` if temporary space cannot be written.
    func take(_ chunk: inout PartitionChunk, to source: inout PartitionData.Source) throws {
        guard !chunk.records.isEmpty else { return }
        guard hold(chunk.byteCount) else { return try spill(&chunk, to: &source) }
        source.held.append(chunk)
        chunk = PartitionChunk(capacity: chunk.capacity)
    }

    /// As ``take(_:to:)``, and out of memory in any case.
    func spill(_ chunk: inout PartitionChunk, to source: inout PartitionData.Source) throws {
        guard !chunk.records.isEmpty else { return }
        let byteCount = chunk.byteCount
        try withFile { source.spilled.append(try SpilledChunk(chunk, in: $0)) }
        // One large record leaves no large memory behind.
        chunk.removeAll(keepingCapacity: byteCount < 2 * chunk.capacity)
    }

    /// - Returns: Whether there is room for so much.
    private func hold(_ byteCount: Int) -> Bool {
        let held = heldByteCount.wrappingAdd(byteCount, ordering: .relaxed).newValue
        if held > heldBytesMax { heldByteCount.wrappingSubtract(byteCount, ordering: .relaxed) }
        return held <= heldBytesMax
    }

    /// Lets go of everything that `source` has in memory and on disk.
    func free(_ source: inout PartitionData.Source) throws {
        release(&source) { _ in }
        if !source.spilled.isEmpty {
            try withFile { for chunk in source.spilled { chunk.free(in: $0) } }
        }
        source = PartitionData.Source()
    }

    /// Calls `body` with each chunk of `source` that is in memory, which is free afterwards.
    func release(
        _ source: inout PartitionData.Source, _ body: (PartitionChunk) throws -> Void
    ) rethrows {
        while let chunk = source.held.popLast() {
            heldByteCount.wrappingSubtract(chunk.byteCount, ordering: .relaxed)
            try body(chunk)
        }
    }

    /// Writes what of `source` is in memory.
    func spill(_ source: inout PartitionData.Source) throws {
        var spilled: [SpilledChunk] = []
        try release(&source) { chunk in
            try withFile { spilled.append(try SpilledChunk(chunk, in: $0)) }
        }
        source.spilled += spilled
    }
}

import SpanLogStore
import Synchronization

/// Where gathered records wait: in memory as long as there is room, and then in temporary space.
final class SpillSpace: Sendable {
    private let directory: String
    private let usage = SpillUsage()
    private let heldBytesMax: Int
    private let heldByteCount = Atomic(0)

    /// - Parameter heldBytesMax: What full chunks may take in memory.
    init(in directory: String, heldBytesMax: Int) {
        self.directory = directory
        self.heldBytesMax = heldBytesMax
    }

    /// The bytes that were in use at the same time, at most.
    var byteCountMax: Int { usage.byteCountMax }

    /// Runs `body` with the file of `area`, which is opened once it is needed.
    ///
    /// - Throws: ``MergeError`` with code ``MergeError/Code/writeFailed`` if it cannot be written.
    func withFile<Result>(
        of area: SpillArea, _ body: (SpillFile) throws -> Result
    ) throws -> Result {
        try using {
            let file = try area.file { () throws(SystemError) in
                try SpillFile(in: directory, usage)
            }
            return try body(file)
        }
    }

    /// Runs `body`, which uses files.
    ///
    /// - Throws: ``MergeError`` with code ``MergeError/Code/writeFailed`` if that fails.
    func using<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as SystemError {
            throw MergeError(
                .writeFailed,
                "Cannot use \(directory) for temporary files: make room there, name another "
                    + "directory with --temporary, or allow more memory with --memory. "
                    + "No archive was written.",
                cause: error)
        }
    }
}

extension SpillSpace {
    /// Takes what has gathered in `chunk`, which is empty afterwards.
    ///
    /// - Throws: ``MergeError`` if temporary space cannot be written.
    func take(
        _ chunk: inout PartitionChunk, to source: inout PartitionData.Source
    ) throws {
        guard !chunk.isEmpty else { return }
        guard hold(chunk.memoryByteCount) else {
            return try spill(&chunk, to: &source)
        }
        source.held.append(chunk)
        chunk = PartitionChunk()
    }

    /// As ``take(_:to:)``, and out of memory in any case.
    func spill(
        _ chunk: inout PartitionChunk, to source: inout PartitionData.Source
    ) throws {
        guard !chunk.isEmpty else { return }
        try spill(chunk, to: &source)
        // One large record leaves no large memory behind.
        chunk.removeAll(keepingAtMost: Self.keptByteCountMax)
    }

    private static let keptByteCountMax = 1 << 20

    private func spill(
        _ chunk: PartitionChunk, to source: inout PartitionData.Source
    ) throws {
        let area = source.area ?? SpillArea()
        source.area = area
        try withFile(of: area) { file in
            source.spilled.append(try SpilledChunk(chunk, in: file))
        }
    }

    /// Writes what of `source` is in memory.
    func spill(_ source: inout PartitionData.Source) throws {
        var held = PartitionData.Source()
        swap(&held.held, &source.held)
        try release(&held) { try spill($0, to: &source) }
    }

    /// Takes a part of what may be held in memory.
    ///
    /// - Returns: Whether there is room for so much.
    func hold(_ byteCount: Int) -> Bool {
        let held = heldByteCount.wrappingAdd(byteCount, ordering: .relaxed).newValue
        if held > heldBytesMax { heldByteCount.wrappingSubtract(byteCount, ordering: .relaxed) }
        return held <= heldBytesMax
    }

    /// Gives back what was held.
    func release(_ byteCount: Int) {
        heldByteCount.wrappingSubtract(byteCount, ordering: .relaxed)
    }

    /// Lets go of everything that `source` has in memory and on disk.
    func free(_ source: inout PartitionData.Source) {
        release(&source) { _ in }
        for chunk in source.spilled { chunk.free() }
        source = PartitionData.Source()
    }

    /// Calls `body` with each chunk of `source` that is in memory, which is free afterwards.
    func release(
        _ source: inout PartitionData.Source, _ body: (PartitionChunk) throws -> Void
    ) rethrows {
        while let chunk = source.held.popLast() {
            release(chunk.memoryByteCount)
            try body(chunk)
        }
    }
}

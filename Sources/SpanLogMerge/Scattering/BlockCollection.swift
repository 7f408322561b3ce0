import SpanLogFormat
import SpanLogStore
import Synchronization

/// The blocks of a merge as they are read, each once, whichever stores it came from: numbers them, and
/// hands them to the archive.
final class BlockCollection: Sendable {
    private let state = Mutex(State())
    private let writer: SharedArchiveWriter?
    /// Nobody can make up a block that passes for another one without knowing it.
    private let seed = UInt64.random(in: 0 ... .max)
    private let flushing = Mutex(())

    private struct State {
        var numbers: [Name: UInt32] = [:]
        var sequences = BlockSequences()
        /// Blocks that are numbered and not written.
        var waiting: [[UInt8]] = []
        var waitingByteCount = 0
    }

    /// What tells blocks apart.
    private struct Name: Hashable {
        let recorder: UInt128
        let sequence: UInt64
        let hash: UInt128
    }

    /// - Parameter writer: `nil` if there is no archive.
    init(_ writer: SharedArchiveWriter?) {
        self.writer = writer
    }

    /// The numbers of all blocks among those of their recorders.
    var sequences: BlockSequences { state.withLock { $0.sequences } }

    /// The number of a block, which gets one the first time.
    ///
    /// - Parameters:
    ///   - value: What the block is stored as, if it is.
    ///   - compressor: For what is not compressed.
    /// - Throws: ``MergeError`` if the archive cannot be written.
    func number(
        of block: Block, _ value: [UInt8]?, _ compressor: inout BlockCompressor?
    ) throws -> UInt32 {
        let sequence = BlockSequences.sequence(of: block)
        let stored = Self.archived(block, value, &compressor)
        let name = Name(
            recorder: UInt128(bigEndianBytes: block.header.recorderID.bytes), sequence: sequence,
            hash: Checksum.xxh128(stored, stored.indices, seed: seed))
        let (number, isMuch) = state.withLock { state in
            if let number = state.numbers[name] { return (number, false) }
            let number = state.sequences.append(sequence)
            state.numbers[name] = number
            guard writer != nil else { return (number, false) }
            state.waiting.append(stored)
            state.waitingByteCount += stored.count
            return (number, state.waitingByteCount >= Self.waitingBytesMax)
        }
        if isMuch { try flush() }
        return number
    }

    /// Writes the blocks that wait.
    ///
    /// - Throws: ``MergeError`` if the archive cannot be written.
    func flush() throws {
        // Blocks stand in the archive in the order of their numbers.
        try flushing.withLock { _ in
            let (values, first) = state.withLock { state in
                defer {
                    state.waiting = []
                    state.waitingByteCount = 0
                }
                return (state.waiting, state.sequences.count - UInt32(state.waiting.count))
            }
            if !values.isEmpty { try writer?.append(blocks: values, from: first) }
        }
    }

    /// Lets go of everything that only reading needs.
    func finish() throws {
        try flush()
        state.withLock { $0.numbers = [:] }
    }

    /// The value that the archive keeps.
    private static func archived(
        _ block: Block, _ value: [UInt8]?, _ compressor: inout BlockCompressor?
    ) -> [UInt8] {
        guard let value, block.header.codec != .none, isPlain(block) else {
            return block.sealed(with: &compressor)
        }
        return Block.padded(value, block.header)
    }

    /// Whether the block's number says by itself whether its spans were open.
    private static func isPlain(_ block: Block) -> Bool {
        block.holdsOpenSpans == (block.header.sequence == .max)
    }

    private static let waitingBytesMax = 4 << 20
}

/// The number of each block among those of its recorder, plus 1, by its number in the merge; 0 for spans
/// that were open when their recorder was last alive.
struct BlockSequences: Sendable {
    private var sequences: [UInt64] = []

    var count: UInt32 { UInt32(sequences.count) }

    subscript(_ number: UInt32) -> UInt64 { sequences[Int(number)] }

    /// - Returns: The place of what was appended.
    mutating func append(_ sequence: UInt64) -> UInt32 {
        sequences.append(sequence)
        return UInt32(sequences.count - 1)
    }

    static func sequence(of block: Block) -> UInt64 {
        // The greatest numbers, which no recorder reaches, have no room for what is added.
        block.holdsOpenSpans || block.header.sequence == .max
            ? 0 : min(block.header.sequence, .max - 2) + 1
    }
}

import Foundation
import Glibc
import SpanLogFormat
import SpanLogLMDB
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

/// Of a damaged segment, every block whose bytes are there is read, whatever leads to it.
@Suite(.scratchDirectory, .timeLimit(.minutes(2))) struct CarvingTests {
    private let store = Scratch.path("store")

    /// Small blocks of a page each, and every seventh of several. With 180 the tree has two levels.
    private func write(_ count: Int, recorder: UInt8 = 1) throws -> SegmentFile {
        try CraftedBlock.write(Self.blocks(count, recorder: recorder), toStore: store)
        return try SegmentFile(path)
    }

    private static func blocks(_ count: Int, recorder: UInt8 = 1) -> [CraftedBlock] {
        var random = RandomSpans(seed: 11)
        return (0..<UInt64(count)).map { sequence in
            var block = CraftedBlock(recorder: recorder, sequence: sequence, random.next(1))
            if sequence % 7 == 5 { block.spans.append([UInt8](repeating: 1, count: 10_000)) }
            return block
        }
    }

    private var path: String {
        get throws { try #require(try Store(store).segmentPaths.first) }
    }

    /// The numbers of the blocks that are read, in the order in which they come.
    private func read() throws -> (sequences: [UInt64], damages: [Store.Damage]) {
        var sequences: [UInt64] = []
        let damages = try Store(store).forEachBlock { block, _ in
            sequences.append(block.header.sequence)
        }
        return (sequences, damages)
    }

    @Test(arguments: [12, 180])
    func `a zeroed page of the tree or of the meta pages loses no block`(count: Int) throws {
        let original = try write(count)
        let path = try path
        #expect(original.places.count == count)
        for page in original.treePages {
            var file = original
            file.zero(page: page)
            try file.write(to: path)
            let (sequences, _) = try read()
            #expect(sequences.sorted() == Array(0..<UInt64(count)), "page \(page)")
        }
    }

    @Test func `without any page of the tree, every block is read in order`() throws {
        var file = try write(180)
        let path = try path
        for page in file.treePages { file.zero(page: page) }
        try file.write(to: path)
        let (sequences, damages) = try read()
        #expect(sequences == Array(0..<180))
        #expect(damages.map(\.file) == [path])
        #expect(damages.first?.byteOffset == 0)
    }

    @Test func `a file cut off anywhere still gives every block before the cut`() throws {
        let original = try write(40)
        let path = try path
        for count in stride(from: original.bytes.count - 1, to: 0, by: -4093) {
            var file = original
            file.bytes.removeLast(file.bytes.count - count)
            try file.write(to: path)
            let whole = original.places.filter { $0.value.upperBound <= count }.keys.sorted()
            #expect(try read().sequences.sorted() == whole, "cut at \(count)")
        }
    }

    @Test func `blocks that changed places are both read`() throws {
        var file = try write(40)
        let path = try path
        let (first, second) = (file.places[2]!.lowerBound, file.places[30]!.lowerBound)
        file.swap(pages: first / 4096, second / 4096)
        try file.write(to: path)
        let (sequences, damages) = try read()
        #expect(sequences.sorted() == Array(0..<40))
        #expect(damages.map(\.sequence) == [2, 30])
        #expect(damages.map(\.byteOffset) == [UInt64(first), UInt64(second)])
    }

    @Test func `a meta page that was set back loses no block`() throws {
        var file = try write(3)
        let path = try path
        // A bit of the transaction's number: the other meta page is the newest one now.
        file.bytes[4096 + 16 + 128] ^= 1
        try file.write(to: path)
        #expect(try read().sequences == [0, 1, 2])
    }

    @Test func `numbers of transactions that cannot be are damage`() throws {
        var file = try write(3)
        let path = try path
        for page in [0, 1] {
            let place = page * 4096 + 16 + 128
            file.bytes.replaceSubrange(place..<place + 8, with: UInt64.max.littleEndianBytes)
        }
        try file.write(to: path)
        let (sequences, damages) = try read()
        #expect(sequences == [0, 1, 2] && damages.map(\.byteOffset) == [4096])
    }

    @Test func `a lost block is named with its number and its place`() throws {
        var file = try write(12)
        let path = try path
        for page in file.treePages.dropFirst(2) { file.zero(page: page) }
        let place = file.places[5]!
        file.bytes[place.upperBound - 1] ^= 4
        try file.write(to: path)
        let (sequences, damages) = try read()
        #expect(sequences == Array(0..<12).filter { $0 != 5 })
        let named = damages.filter { $0.sequence == 5 }
        #expect(named.map(\.byteOffset) == [UInt64(place.lowerBound)])
        #expect(named.first?.recorder == RecorderID.testing(1).description)
        #expect(named.first?.reason.contains("checksum") == true)
    }

    @Test func `a compacted segment is carved too, open spans included`() throws {
        let directory = try StoreDirectory.openForWriting(store)
        let segment = try CompactedSegment(
            .init(id: .testing(9), number: 0), in: directory, byteCountMax: 1 << 24)
        for recorder in [UInt8(1), 2] {
            for block in Self.blocks(5, recorder: recorder) {
                try segment.put(
                    block.bytes,
                    BlockName(recorderID: .testing(recorder), sequence: block.sequence),
                    holdsOpenSpans: false)
            }
            let open = CraftedBlock(recorder: recorder, sequence: .max, [])
            try segment.put(
                open.bytes, BlockName(recorderID: .testing(recorder), sequence: .max),
                holdsOpenSpans: true)
        }
        try segment.sync()
        try segment.publish()
        let path = try path
        var file = try SegmentFile(path)
        for page in file.treePages { file.zero(page: page) }
        try file.write(to: path)
        var (sequences, openCount) = ([UInt64](), 0)
        let damages = try Store(store).forEachBlock { block, _ in
            if block.holdsOpenSpans { openCount += 1 }
            if !block.holdsOpenSpans { sequences.append(block.header.sequence) }
        }
        #expect(sequences == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4] && openCount == 2)
        #expect(damages.map(\.file) == [path])
    }
}

// MARK: Sound files

extension CarvingTests {
    @Test(arguments: [true, false])
    func `what no commit has reached is read, but of the living only what leaves no gap`(
        isLive: Bool
    ) throws {
        var file = try write(5)
        let path = try path
        for sequence in [UInt64(7), 5] {
            let block = CraftedBlock(sequence: sequence, [])
            file.bytes += [UInt8](repeating: 0, count: 16) + block.bytes
        }
        try file.write(to: path)
        let spool = "\(store)/\(StoreDirectory.spoolName(of: .testing(1)))"
        try Data().write(to: URL(filePath: spool))
        let lock = try ReadOnlyFile(spool)
        if isLive { #expect(try lock.lock()) }
        let sequences = try read().sequences
        #expect(sequences == Array(0...5) + (isLive ? [] : [7]))
        withExtendedLifetime(lock) {}
    }

    @Test func `a file whose tree changes all the time gives what was committed, and no damage`()
        throws
    {
        _ = try write(20)
        let path = try path
        var segment = try SegmentScan(path, attemptMax: 0)
        var sequences: [UInt64] = []
        let damages = segment.forEachBlock { sequences.append($0.block.header.sequence) }
        #expect(sequences == Array(0..<20) && damages.isEmpty)
    }

    @Test func `a copy of a block is read once, and other blocks of its name as well`() throws {
        let blocks = Self.blocks(3)
        var other = blocks[2]
        other.service = "another life"
        try CraftedBlock.write(blocks, toStore: store)
        try CraftedBlock.write([blocks[1], other], toStore: store, segment: 1)
        try CraftedBlock.write([blocks[1], other], toStore: store, segment: 2)
        let (sequences, damages) = try read()
        #expect(sequences == [0, 1, 2, 2] && damages.isEmpty)
    }

    @Test func `a pipe in a store does not keep its reader waiting`() throws {
        _ = try write(2)
        let pipe = "\(store)/\(RecorderID.testing(2))-0.mdb"
        #expect(mkfifo(pipe, 0o600) == 0)
        let (sequences, damages) = try read()
        #expect(sequences == [0, 1])
        #expect(damages.map(\.file) == [pipe])
    }
}

// MARK: The carver

extension CarvingTests {
    /// What the carver finds in `bytes`.
    private func carve(_ bytes: [UInt8], pageByteCount: Int?) throws -> [UInt64] {
        let path = Scratch.path("file")
        try Data(bytes).write(to: URL(filePath: path))
        var carver = BlockCarver(
            try ReadOnlyFile(path), byteCount: UInt64(bytes.count), pageByteCount: pageByteCount)
        var found: [UInt64] = []
        carver.carve(0..<UInt64(bytes.count)) { finding in
            if case .block(let candidate) = finding { found.append(candidate.header.sequence) }
        }
        return found
    }

    @Test func `in large pages, blocks are found among others`() throws {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        for (sequence, start) in [1002, 20_000, 40_014].enumerated() {
            let block = CraftedBlock(sequence: UInt64(sequence), []).bytes
            bytes.replaceSubrange(start..<start + block.count, with: block)
        }
        #expect(try carve(bytes, pageByteCount: 65_536) == [0, 1, 2])
        #expect(try carve(bytes, pageByteCount: nil) == [0, 1, 2])
        #expect(try carve(bytes, pageByteCount: 4096) == [])
    }

    @Test func `what lies within a sound block is not taken for another one`() throws {
        let inner = CraftedBlock(sequence: 7, []).bytes
        var outer = CraftedBlock(sequence: 1)
        outer.payload = [UInt8](repeating: 0, count: 4096 - 192) + inner + inner
        let bytes = [UInt8](repeating: 0, count: 16) + outer.bytes
        #expect(try carve(bytes, pageByteCount: 4096) == [1])
    }

    @Test func `headers that claim each other's bytes do not multiply the work`() throws {
        let pageCount = 4096
        var bytes: [UInt8] = []
        for page in 0..<pageCount {
            var header = BlockHeader(
                recorderID: .testing(1), sequence: UInt64(page), spanCount: 0,
                payloadByteCount: UInt64((pageCount - page) * 4096 - 500), earliestNanoseconds: 0,
                latestNanoseconds: 0,
                anchor: ClockAnchor(
                    bootID: [UInt8](repeating: 0, count: 16), realtimeNanoseconds: 0,
                    boottimeNanoseconds: 0, uncertaintyNanoseconds: 0),
                drops: DropCounters())
            header.storedByteCount = header.payloadByteCount
            bytes += [UInt8](repeating: 0, count: 16) + header.encoded()
            bytes += [UInt8](repeating: 7, count: 4096 - 16 - BlockHeader.byteCount)
        }
        let last = CraftedBlock(sequence: 99_999, []).bytes
        bytes += [UInt8](repeating: 0, count: 16) + last
        var found: [UInt64] = []
        let time = try ContinuousClock().measure {
            found = try carve(bytes, pageByteCount: 4096)
        }
        #expect(found == [99_999])
        // Each header by itself, these are 32 GiB.
        #expect(time < .seconds(10))
    }
}

import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

@Suite(.scratchDirectory) struct StoreRemovalsTests {
    private static func entry(
        _ recorder: UInt8, _ first: UInt64, _ count: UInt64, removed: UInt64 = 1
    ) -> StoreRemovals.Entry {
        var entry = StoreRemovals.Entry(
            recorderID: .testing(recorder), first: first, blockCount: count,
            removedNanoseconds: removed)
        entry.spanCount = 3 * count
        entry.drops.tooLarge = first
        return entry
    }

    private static var example: StoreRemovals {
        var removals = StoreRemovals()
        var open = entry(2, 0, 0)
        open.openSpanCount = 5
        removals.add([entry(2, 0, 4), entry(1, 7, 1), entry(2, 9, 2), open])
        return removals
    }

    @Test func `runs that follow each other become one`() {
        var removals = Self.example
        #expect(removals.entries.map(\.blockCount) == [1, 4, 2, 0])
        removals.add([Self.entry(2, 4, 5, removed: 9)])
        #expect(removals.entries.map(\.blockCount) == [1, 11, 0])
        #expect(removals.entries[1].spanCount == 33)
        #expect(removals.entries[1].removedNanoseconds == 9)
        #expect(removals.entries[1].drops.tooLarge == 9)
        #expect(removals.contains(10, of: .testing(2)) && !removals.contains(11, of: .testing(2)))
        #expect(!removals.contains(10, of: .testing(1)))
        #expect(removals.containsOpenSpans(of: .testing(2)))
        #expect(!removals.containsOpenSpans(of: .testing(1)))
    }

    @Test func `the file is read as it was written, and any damage is an error`() throws {
        let removals = Self.example
        let bytes = removals.encoded()
        #expect(bytes.count == 32 + 4 * 128)
        #expect(try StoreRemovals(decoding: bytes) == removals)
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] ^= 0x10
            #expect(throws: FormatError.self) { try StoreRemovals(decoding: damaged) }
            #expect(throws: FormatError.self) {
                try StoreRemovals(decoding: Array(bytes[..<index]))
            }
        }
    }

    @Test func `entries out of order or over each other are refused`() {
        typealias Entries = [StoreRemovals.Entry]
        let wrong: [Entries] = [
            [Self.entry(2, 0, 1), Self.entry(1, 0, 1)], [Self.entry(1, 0, 2), Self.entry(1, 1, 1)],
            [Self.entry(1, 5, 1), Self.entry(1, 0, 1)], [Self.entry(1, 0, 1), Self.entry(1, 0, 1)],
        ]
        for entries in wrong {
            #expect(throws: FormatError.self) { try StoreRemovals(checking: entries) }
        }
    }

    @Test func `the oldest of very many become one that counts them`() throws {
        var removals = StoreRemovals()
        let entries = (0..<5000).map { (number: Int) in
            Self.entry(UInt8(1 + number % 9), UInt64(10 * number), 2, removed: UInt64(number))
        }
        removals.add(entries)
        #expect(removals.entries.count <= 4096)
        #expect(removals.entries.map(\.blockCount).reduce(0, +) == 10_000)
        #expect(removals.entries.map(\.spanCount).reduce(0, +) == 30_000)
        #expect(removals.entries.first?.recorderID == StoreRemovals.anyRecorder)
        #expect(removals.contains(49_990, of: .testing(UInt8(1 + 4999 % 9))))
        #expect(try StoreRemovals(decoding: removals.encoded()) == removals)
    }

    @Test func `a damaged file is damage of the store, which is read all the same`() throws {
        let store = Scratch.path("store")
        try CraftedBlock.write([CraftedBlock(sequence: 1)], toStore: store)
        let directory = StoreDirectory(path: store)
        var removals = StoreRemovals()
        removals.add([Self.entry(1, 0, 1)])
        try removals.write(to: directory)
        #expect(StoreReport(try Store(store)).isSound)
        try FileSystem.replaceFile(
            directory.filePath(StoreRemovals.fileName), with: removals.encoded().dropLast())
        let report = StoreReport(try Store(store))
        #expect(report.damages.count == 2 && report.recorders.map(\.blockCount) == [1])
        #expect(report.damages.first?.reason.contains("spanlog-removed is damaged") == true)
    }
}

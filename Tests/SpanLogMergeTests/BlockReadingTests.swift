import Dispatch
import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import Synchronization
import Testing

@testable import SpanLogMerge

@Suite(.scratchDirectory) struct BlockReadingTests {
    private func stores() throws -> [Store] {
        try ["a", "b", "c"].map { name in
            let blocks = (UInt64(0)..<20).map { CraftedBlock(sequence: $0, [.span($0 + 1)]) }
            try Merged.write(blocks, toStore: Scratch.path(name))
            return try Store(Scratch.path(name))
        }
    }

    private struct Failure: Error {}

    @Test(arguments: [1, 2, 5])
    func `each block is read once, however many threads there are`(threads: Int) throws {
        let reading = BlockReading(try stores())
        let blocks = Atomic(0)
        let reports = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: threads) { _ in
            try? reading.run { _, _ in
                reports.wrappingAdd(1, ordering: .relaxed)
            } _: { _ in
                blocks.wrappingAdd(1, ordering: .relaxed)
            }
        }
        #expect(blocks.load(ordering: .relaxed) == 60 && reports.load(ordering: .relaxed) == 3)
    }

    @Test func `who fails reads no further, and lets the others end`() throws {
        let reading = BlockReading(try stores())
        var count = 0
        #expect(throws: Failure.self) {
            try reading.run { _, _ in
            } _: { _ in
                count += 1
                throw Failure()
            }
        }
        reading.stop()
        try reading.run { _, _ in
            count += 1
        } _: { _ in
            count += 1
        }
        #expect(count == 1)
    }
}

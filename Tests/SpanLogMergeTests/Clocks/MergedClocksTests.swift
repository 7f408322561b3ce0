import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge

/// Clocks of hosts in a merge: what is found, what is stored, and what is read.
@Suite(.scratchDirectory) struct MergedClocksTests {
    @Test(arguments: [UInt64(1), 2, 3])
    func `the truth lies within the bounds, and no child starts before its parent`(
        seed: UInt64
    ) throws {
        let fleet = Fleet.usual(seed: seed)
        let merged = try Merged(fleet.blocks)
        let corrections = merged.archive.corrections
        let reference = try #require(corrections.reference)
        let host = try #require((0..<4).first { Calls.domain($0) == reference })
        var (checkedCount, ambiguousCount) = (0, 0)
        for trace in try merged.traces() {
            let starts = Dictionary(
                uniqueKeysWithValues: trace.spans.map {
                    ($0.record.spanID, $0.record.startNanoseconds)
                })
            for span in trace.spans {
                let clock = try #require(span.clock)
                let bound = try #require(clock.boundNanoseconds)
                let truth = try #require(fleet.starts[span.record.spanID.value])
                // By the clock of the reference, as it was for the longest time.
                let expected = Int64(fleet.wall(host, 0)) + truth
                let error = Int64(span.record.startNanoseconds) - expected
                #expect(error.magnitude <= bound)
                let ambiguity = clock.start.ambiguityNanoseconds
                #expect(bound < 1_000_000 + ambiguity)
                if ambiguity > 0 { ambiguousCount += 1 }
                if let parent = span.record.parentSpanID {
                    #expect(starts[parent]! <= span.record.startNanoseconds)
                }
                checkedCount += 1
            }
        }
        #expect(checkedCount == 60 * 7)
        // Between the last anchor before the step and the first one after it.
        #expect(ambiguousCount < 10)
        #expect(corrections.domains.map(\.line.stepCount) == [0, 0, 0, 1])
        #expect(merged.report.clocks == ClockReport(corrections))
        #expect(merged.report.clockNames[Calls.domain(2)] == "host-2")
    }

    @Test func `recorded times stay as they are, and are read on demand`() throws {
        let fleet = Fleet.usual(seed: 4)
        let merged = try Merged(fleet.blocks)
        var raw = merged.archive
        raw.readsRawTimes = true
        for trace in try merged.traces(raw) {
            for span in trace.spans {
                let id = span.record.spanID.value
                let wall = fleet.wall(fleet.hosts[id]!, fleet.starts[id]!)
                #expect(span.record.startNanoseconds == wall)
                #expect(span.clock == nil)
            }
            let starts = trace.spans.map(\.record.startNanoseconds)
            #expect(starts == starts.sorted())
        }
        let summaries = try raw.newestSummaries(limit: 1000)
        #expect(summaries.map(\.startNanoseconds) == summaries.map(\.recordedStartNanoseconds))
    }

    @Test(arguments: [UInt64(11), 12])
    func `any order, grouping, threads and memory give the same corrections`(
        seed: UInt64
    ) throws {
        var generator = SeededGenerator(seed: seed)
        let blocks = Self.withLargeTrace(seed: seed).blocks
        let expected = try Merged(blocks, to: "all at once")
        let corrections = expected.archive.corrections
        #expect(corrections.domains.allSatisfy { $0.usedFactCount > 0 })
        for (threads, memory) in [(1, 1 << 29), (3, 1), (2, 1 << 20)] {
            var stores: [Int: [CraftedBlock]] = [:]
            for block in blocks {
                stores[generator.below(3), default: []].append(block)
                if generator.below(4) == 0 { stores[5, default: []].append(block) }
            }
            var paths: [String] = []
            for (number, blocks) in stores {
                let path = Scratch.path("\(threads) \(memory) \(generator.below(1000)) \(number)")
                try Merged.write(blocks, toStore: path)
                paths.append(path)
            }
            var options = Merge.Options()
            (options.threadCount, options.memoryBytesMax) = (threads, memory)
            let merged = try Merged(
                paths.shuffled(using: &generator), to: "archive \(threads) \(memory)", options)
            #expect((merged.archive.corrections == corrections) == true)
            #expect(merged.report.digest == expected.report.digest)
            #expect(try merged.summaries() == expected.summaries())
            #expect((try merged.times() == expected.times()) == true)
        }
    }

    @Test(arguments: [UInt64(21), 22])
    func `stores merged one after the other give the corrections of all at once`(
        seed: UInt64
    ) throws {
        var generator = SeededGenerator(seed: seed)
        let blocks = Fleet.usual(seed: seed).blocks
        let expected = try Merged(blocks, to: "all at once")
        let path = Scratch.path("growing")
        for (number, share) in blocks.shuffled(using: &generator).shares(of: 60).enumerated() {
            let store = Scratch.path("share \(number)")
            try Merged.write(share, toStore: store)
            let merge = Merge(stores: [try Store(store)])
            _ = try number == 0 ? merge.write(to: path) : merge.write(into: path)
        }
        let archive = try ArchiveReader(path)
        #expect((archive.corrections == expected.archive.corrections) == true)
        #expect(archive.report.digest == expected.report.digest)
        #expect(archive.report.clocks == expected.report.clocks)
        #expect(
            try archive.newestSummaries(limit: 100) == expected.archive.newestSummaries(limit: 100))
    }

    @Test func `the digest does not depend on how clocks are corrected`() throws {
        let store = Scratch.path("store")
        try Merged.write(Fleet.usual(seed: 5).blocks, toStore: store)
        let offsets = ManualClockOffsets(domains: [
            Calls.domain(1): .init(offsetNanoseconds: -3_000_000_000, boundNanoseconds: 7),
            ClockDomain(name: "instance:elsewhere"): .init(offsetNanoseconds: 1),
        ])
        var digests: Set<String> = []
        for mode in [ClockMode.auto, .off, .middle, .manual(offsets)] {
            var options = Merge.Options()
            options.clockMode = mode
            let merged = try Merged([store], to: mode.name, options)
            digests.insert(merged.report.digest)
            #expect(merged.archive.corrections.mode == mode.name)
            #expect(merged.report.clocks.mode == mode.name)
            // A number stands for a domain, so none may be there that was not recorded in.
            #expect(merged.archive.corrections.domains.map(\.domain) == (0..<4).map(Calls.domain))
        }
        #expect(digests.count == 1)
        // A later merge finds what the first one was not to look for.
        let path = Scratch.path("off")
        _ = try Merge(stores: [try Store(store)]).write(into: path)
        let auto = try ArchiveReader(Scratch.path("auto"))
        #expect((try ArchiveReader(path).corrections == auto.corrections) == true)
    }

    @Test func `offsets by hand are applied with their bound`() throws {
        let store = Scratch.path("store")
        try Merged.write(Fleet.usual(seed: 6).blocks, toStore: store)
        var options = Merge.Options()
        options.clockMode = .manual(
            ManualClockOffsets(domains: [
                Calls.domain(1): .init(offsetNanoseconds: -3_000_000_000, boundNanoseconds: 7)
            ]))
        let merged = try Merged([store], options)
        let clocks = try merged.traces().flatMap(\.spans).compactMap(\.clock)
        for clock in clocks where clock.domain == Calls.domain(1) {
            #expect(clock.offsetNanoseconds == -3_000_000_000 && clock.boundNanoseconds == 7)
            #expect(clock.method == .manual)
        }
        let others = clocks.filter { $0.domain != Calls.domain(1) }
        #expect(others.allSatisfy { $0.boundNanoseconds == nil && $0.method == .wallOnly })
    }

    @Test func `off corrects nothing, and knows no order between hosts`() throws {
        let store = Scratch.path("store")
        let fleet = Fleet.usual(seed: 7)
        try Merged.write(fleet.blocks, toStore: store)
        var options = Merge.Options()
        options.clockMode = .off
        let merged = try Merged([store], options)
        for span in try merged.traces().flatMap(\.spans) {
            let id = span.record.spanID.value
            #expect(
                span.record.startNanoseconds == fleet.wall(fleet.hosts[id]!, fleet.starts[id]!))
            #expect(span.clock?.boundNanoseconds == nil)
        }
    }

    @Test func `instances without a boot have a clock each`() throws {
        var fleet = Fleet([.init(), .init(ahead: Fleet.second)], seed: 8)
        for number in 0..<20 {
            fleet.trace(
                UInt64(number + 1), through: [number % 2, 1 - number % 2],
                at: Int64(number) * 100_000_000)
        }
        fleet.seal(until: 4 * Fleet.second)
        var blocks = fleet.blocks
        for index in blocks.indices { blocks[index].boot = 0 }
        let corrections = try Merged(blocks).archive.corrections
        #expect(corrections.domains.count == 2)
        #expect(corrections.domains.allSatisfy { $0.domain.name.hasPrefix("instance:service ") })
        let offsets = corrections.domains.map { $0.offset(at: Fleet.epoch) }
        let moved = offsets.map { $0.magnitude }.max() ?? 0
        #expect((999_000_000...1_001_000_000).contains(moved))
    }

    /// The usual traces, and one of 3000 spans, which a merge with little memory joins in shares.
    private static func withLargeTrace(seed: UInt64) -> Fleet {
        var fleet = Fleet(
            [.init(), .init(ahead: 2 * Fleet.second), .init(ahead: -Fleet.second)], seed: seed)
        let root = fleet.span(999, nil, 0, .server, 0, 9 * Fleet.second)
        for number in 0..<1500 {
            let (start, client) = (Int64(number) * 5_000_000, number % 3)
            let end = start + 3_000_000
            let call = fleet.span(999, root, client, .client, start, end)
            fleet.span(
                999, call, (client + 1) % 3, .server, start + 200_000, end - Int64(150_000))
        }
        for number in 0..<20 {
            fleet.trace(
                UInt64(number + 1), through: [number % 3, (number + 1) % 3],
                at: Int64(number) * 300_000_000)
        }
        fleet.seal(until: 10 * Fleet.second)
        return fleet
    }
}

extension Merged {
    func traces(_ archive: ArchiveReader? = nil) throws -> [ArchivedTrace] {
        let archive = archive ?? self.archive
        return try archive.traceIDs().compactMap { try archive.trace($0) }
    }

    func summaries() throws -> [TraceSummary] { try archive.newestSummaries(limit: 10_000) }

    /// The corrected times of all spans.
    func times() throws -> [[UInt64]] {
        try traces().map { trace in
            trace.spans.flatMap { [$0.record.startNanoseconds, $0.record.endNanoseconds] }
        }
    }
}

extension Array {
    func shares(of count: Int) -> [[Element]] {
        stride(from: 0, to: self.count, by: count).map {
            Array(self[$0..<Swift.min($0 + count, self.count)])
        }
    }
}

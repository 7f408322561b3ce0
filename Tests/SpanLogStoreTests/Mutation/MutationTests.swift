import Foundation
import SpanLogFormat
import SpanLogMerge
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

/// However a store is damaged or forged, its reader neither crashes nor hangs, delivers no span that
/// nobody recorded, and every block whose bytes are there. A merge of it balances.
///
/// 200 mutations, or as many as SPANLOG_MUTATIONS says; SPANLOG_MUTATIONS_FROM is the first one.
@Suite(.scratchDirectory, .timeLimit(.minutes(60))) struct MutationTests {
    @Test func `of a mutated store, every block that survives is read, and nothing else`()
        async throws
    {
        let samples = try await StoreSample.all(in: Scratch.path(""))
        let first = Self.number("SPANLOG_MUTATIONS_FROM") ?? 0
        let count = Self.number("SPANLOG_MUTATIONS") ?? 200
        var campaign = MutationCampaign(folder: Scratch.path("mutated"))
        for number in first..<first + count {
            try campaign.run(samples[Int(number % UInt64(samples.count))], number: number)
        }
        print(campaign)
        #expect(campaign.survivorCount > count, "the damage left too little to test with")
        #expect(campaign.damageCount > count / 2)
        #expect(campaign.slowest < .seconds(10))
    }

    private static func number(_ name: String) -> UInt64? {
        ProcessInfo.processInfo.environment[name].flatMap(UInt64.init)
    }
}

/// Reads one mutated store after the other, and counts.
struct MutationCampaign: CustomStringConvertible {
    let folder: String
    private var count = 0
    private(set) var survivorCount: UInt64 = 0
    private(set) var damageCount: UInt64 = 0
    private(set) var slowest = Duration.zero
    private var (spanCount, undecodedCount, rescueCount, mergeCount) = (0, 0, 0, 0)

    init(folder: String) {
        self.folder = folder
    }

    var description: String {
        "\(count) mutated stores: \(survivorCount) blocks survived and were read, \(spanCount) spans, "
            + "\(undecodedCount) blocks with a payload that is none, \(damageCount) damages, "
            + "\(rescueCount) rescues, \(mergeCount) merges, slowest \(slowest)"
    }

    mutating func run(_ sample: StoreSample, number: UInt64) throws {
        let mutated = StoreMutator(sample, number: number)
        try? FileManager.default.removeItem(atPath: folder)
        try FileSystem.createDirectory(folder)
        for (name, bytes) in mutated.files {
            try Data(bytes).write(to: URL(filePath: "\(folder)/\(name)"))
        }
        count += 1
        guard let store = try? Store(folder) else {
            // A marker that names a newer version hides the store, and is meant to.
            #expect(mutated.files["spanlog-store"] != sample.files["spanlog-store"])
            return
        }
        var delivered: [[UInt8]: Int] = [:]
        let time = try ContinuousClock().measure {
            delivered = try read(store, sample, number)
        }
        slowest = max(slowest, time)
        for (name, bytes) in mutated.files where name.hasSuffix(".mdb") {
            for survivor in sample.survivors(in: bytes) {
                // Of a recorder's open spans, one block counts; a forged one may come first.
                let isOpen = UInt64(littleEndianIn: survivor, at: 24) == .max
                if isOpen, mutated.isForged { continue }
                survivorCount += 1
                let times = delivered[survivor] ?? 0
                if times == 1 { continue }
                let sequence = UInt64(littleEndianIn: survivor, at: 24)
                Issue.record(
                    "mutation \(number): block \(sequence) of \(name) was read \(times) times")
            }
        }
        if number.isMultiple(of: 16) { try rescue(delivered, number) }
        if number.isMultiple(of: 4) { try merge(store, sample, mutated, number) }
    }

    /// - Returns: The blocks that were read, as their bytes, and how often.
    private mutating func read(
        _ store: Store, _ sample: StoreSample, _ number: UInt64
    ) throws -> [[UInt8]: Int] {
        var delivered: [[UInt8]: Int] = [:]
        let report = try StoreReport(store) { block, value, file in
            if let value {
                delivered[Array(value.prefix(Int(block.storedByteCount))), default: 0] += 1
            }
            do {
                try TracesData.forEachSpan(in: block.bytes, block.payload) { place in
                    _ = try SpanRecord(decoding: block.bytes, place.span)
                    spanCount += 1
                    // Nothing tells whether the bytes of an open span in a spool are right.
                    if value == nil, block.holdsOpenSpans { return }
                    if !sample.spans.contains(Array(block.bytes[place.span])) {
                        let place = "block \(block.header.sequence) of \(FileSystem.name(of: file))"
                        Issue.record("mutation \(number): a span that nobody recorded, \(place)")
                    }
                }
            } catch is FormatError {
                undecodedCount += 1
            }
        }
        damageCount += UInt64(report.damages.count)
        return delivered
    }

    /// What a rescue writes is sound, and all that was read is in it.
    private mutating func rescue(_ delivered: [[UInt8]: Int], _ number: UInt64) throws {
        let output = folder + "-rescued"
        try? FileManager.default.removeItem(atPath: output)
        _ = try StoreSalvager(folder, output: output).run()
        rescueCount += 1
        var rescued: Set<[UInt8]> = []
        _ = try Store(output).forEachStoredBlock { block, value, _ in
            rescued.insert(Array(value?.prefix(Int(block.storedByteCount)) ?? []))
        }
        for block in delivered.keys where !rescued.contains(block) {
            let sequence = UInt64(littleEndianIn: block, at: 24)
            Issue.record("mutation \(number): block \(sequence) is not in what was rescued")
        }
    }

    /// A merge accounts for everything that it has read, and its archive holds no span that nobody
    /// recorded.
    private mutating func merge(
        _ store: Store, _ sample: StoreSample, _ mutated: StoreMutator, _ number: UInt64
    ) throws {
        let archive = folder + "-archive"
        let time = try ContinuousClock().measure {
            let report = try Merge(stores: [store]).write(to: archive, replacing: true)
            #expect(report.accounting.isBalanced, "mutation \(number)")
        }
        slowest = max(slowest, time)
        mergeCount += 1
        // Nothing tells whether the bytes of an open span in a spool are right.
        let mayBeWrong = sample.files.keys.contains {
            $0.hasSuffix(".spool") && mutated.files[$0] != sample.files[$0]
        }
        var reader = try ArchiveReader(archive)
        reader.readsRawTimes = true
        for id in try reader.traceIDs() {
            for span in try reader.trace(id)?.spans ?? [] where !mayBeWrong {
                let isRecorded = sample.names.contains(.init(span.record))
                #expect(isRecorded, "mutation \(number): \(span.record) was not recorded")
            }
        }
    }
}

import Foundation
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

@Suite(.scratchDirectory) struct RotationTests {
    private let store = Scratch.path("store")

    @Test func `segments are closed at their size, and sequences run on across them`() async throws
    {
        var options = StoreWriter.Options.forTesting
        options.segmentBytesMax = 3 << 20
        options.spool.chunkByteCount = 256 << 10
        let writer = try StoreWriter(store, options: options)
        var generator = SeededGenerator(seed: 1)
        for number in 0..<40 {
            let count = 1 + generator.below(400_000)
            writer.append([UInt8](repeating: UInt8(number), count: count), start: 1, end: 2)
            if number % 3 == 0 { #expect(await writer.flush() == nil) }
        }
        #expect(await writer.shutdown() == nil)

        let paths = try Store(store).segmentPaths
        #expect(paths.count > 3)
        #expect(
            paths.map { FileSystem.name(of: $0) }
                == paths.indices.map { "\(RecorderID.testing(1))-\($0).mdb" })
        var next: UInt64 = 0
        for path in paths {
            let segment = try SegmentReader(path)
            let sequences = next..<next + UInt64(segment.locations.count)
            #expect(segment.locations.map(\.sequence) == Array(sequences))
            next += UInt64(segment.locations.count)
            #expect(try ReadOnlyFile(path).byteCount() <= 3 << 20)
        }
        let content = try StoredContent(store)
        #expect(content.sequences == Array(0..<next))
        #expect(Set(content.spans.map { $0[0] }) == Set(0..<40))
        let report = StoreReport(try Store(store))
        #expect(report.isSound)
        #expect(report.recorders.first?.segmentCount == paths.count)
        #expect(report.recorders.first?.blockCount == Int(next))
    }

    @Test func `a block lies on pages of its own, behind 16 bytes`() async throws {
        let writer = try StoreWriter(store)
        for count in [1, 3000, 3800, 3900, 5000, 100_000] {
            writer.append([UInt8](repeating: 1, count: count), start: 1, end: 2)
            #expect(await writer.flush() == nil)
        }
        #expect(await writer.shutdown() == nil)
        let segment = try SegmentReader(try #require(try Store(store).segmentPaths.first))
        #expect(segment.locations.count == 6)
        for location in segment.locations {
            #expect(location.offset % 4096 == 16)
            #expect((location.byteCount + 16).isMultiple(of: 4096))
        }
    }

    @Test func `only the service's user can read what it recorded`() async throws {
        let writer = try StoreWriter(store)
        writer.append([1], start: 1, end: 2)
        #expect(await writer.shutdown() == nil)
        func mode(_ path: String) throws -> Int? {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            return (attributes[.posixPermissions] as? NSNumber)?.intValue
        }
        #expect(try mode(store) == 0o700)
        let directory = StoreDirectory(path: store)
        for name in try directory.entries() { #expect(try mode(directory.filePath(name)) == 0o600) }
    }
}

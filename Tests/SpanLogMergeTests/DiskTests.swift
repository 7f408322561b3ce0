import Foundation
import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge

/// What a merge leaves on disks when it cannot end as it should.
@Suite(.scratchDirectory) struct DiskTests {
    private let folder = Scratch.path("out")
    private let archive = Scratch.path("out/archive")

    private func merge(_ options: Merge.Options = .init()) throws -> Merge {
        let store = Scratch.path("store")
        if try FileSystem.kind(of: store) == nil {
            let spans = (UInt64(1)...2000).map { SpanRecord.span($0, trace: $0) }
            try Merged.write([CraftedBlock(spans)], toStore: store)
        }
        try FileSystem.createDirectory(folder)
        return Merge(stores: [try Store(store)], options: options)
    }

    @Test func `temporary space that cannot be written ends the merge, and leaves nothing`() throws
    {
        var options = Merge.Options()
        options.memoryBytesMax = 1
        options.temporaryDirectory = Scratch.path("missing")
        let merge = try merge(options)
        let error = #expect(throws: MergeError.self) { try merge.write(to: archive) }
        #expect(error?.code == .writeFailed)
        #expect(error?.message.contains(Scratch.path("missing")) == true)
        #expect(error?.message.contains("--temporary") == true)
        #expect(try FileSystem.entries(of: folder).isEmpty)
    }

    @Test func `what a merge leaves behind that was killed, the next one removes`() throws {
        let dead = "\(archive).partial-1"
        let other = Scratch.path("out/archive2.partial-1")
        let merge = try merge()
        for path in [dead, other] { try FileSystem.replaceFile(path, with: [1]) }
        let living = try PartialFile(for: archive, UnfinishedFiles())
        _ = try merge.write(to: archive)
        let name = FileSystem.name(of: living.path)
        #expect(
            try FileSystem.entries(of: folder) == ["archive", name, "archive2.partial-1"].sorted())
    }

    @Test func `a process that is told to end leaves nothing`() throws {
        let unfinished = UnfinishedFiles()
        try FileSystem.createDirectory(folder)
        let file = try PartialFile(for: archive, unfinished)
        #expect(try FileSystem.entries(of: folder).count == 1)
        unfinished.removeFromDisk()
        #expect(try FileSystem.entries(of: folder).isEmpty)
        _ = file
    }

    @Test func `temporary files have no name`() throws {
        var options = Merge.Options()
        options.memoryBytesMax = 1
        options.temporaryDirectory = Scratch.path("temporary")
        try FileSystem.createDirectory(Scratch.path("temporary"))
        let merge = try merge(options)
        let seen = Names()
        let path = Scratch.path("temporary")
        let report = try merge.write(to: archive) { _ in
            seen.add((try? FileSystem.entries(of: path)) ?? ["?"])
        }
        #expect(report.temporaryByteCount > 0 && seen.names.isEmpty)
    }

    @Test func `a dry run tells what a merge would, and writes nothing`() throws {
        let merge = try merge()
        let dry = try merge.dryRun()
        #expect(try FileSystem.entries(of: folder).isEmpty)
        let wet = try merge.write(to: archive)
        #expect(try dry.json() == wet.json())
    }

    @Test func `an archive that is added to stays as it was if that fails`() throws {
        let merge = try merge()
        _ = try merge.write(to: archive)
        let before = try Data(contentsOf: URL(filePath: archive))
        var options = Merge.Options()
        options.memoryBytesMax = 1
        options.temporaryDirectory = Scratch.path("missing")
        let failing = try self.merge(options)
        #expect(throws: MergeError.self) { try failing.write(into: archive) }
        #expect(try Data(contentsOf: URL(filePath: archive)) == before)
        #expect(try FileSystem.entries(of: folder) == ["archive"])
    }

    @Test func `a disk without room is refused before anything is written`() throws {
        let merge = try merge()
        let size = ArchiveReader.Size(byteCount: 1 << 60, spanCount: 1 << 40)
        let run = MergeRun(merge, adding: size, beside: folder) { _ in }
        let error = #expect(throws: MergeError.self) { try run.checkSpace(archiveIn: folder) }
        #expect(error?.code == .writeFailed && error?.message.contains(folder) == true)
        #expect(error?.message.contains("make room") == true)
    }
}

/// Names that were seen in a directory.
private final class Names: @unchecked Sendable {
    // The merge calls one thread at a time.
    private(set) var names: Set<String> = []

    func add(_ names: [String]) { self.names.formUnion(names) }
}

import Foundation
import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

/// Of a damaged spool, every span is read whose bytes and checksum are there.
@Suite(.scratchDirectory, .timeLimit(.minutes(2))) struct DamagedSpoolTests {
    private let store = Scratch.path("store")

    /// What a killed recorder left: a block in a segment, 30 spans in one chunk of its spool, and one
    /// that is open.
    private func crash() async throws -> (spool: String, bytes: [UInt8]) {
        let living = Scratch.path("living")
        var options = StoreWriter.Options.forTesting
        options.spool.chunkByteCount = 32 << 10
        options.spool.chunkCount = 4
        options.spool.slotCount = 8
        let writer = try StoreWriter(living, options: options)
        writer.append(Self.span(0))
        #expect(await writer.flush() == nil)
        for number in 1...30 { writer.append(Self.span(number)) }
        try FileManager.default.copyItem(atPath: living, toPath: store)
        #expect(await writer.shutdown() == nil)
        let path = try #require(try Store(store).spoolPaths.first)
        return (path, Array(try Data(contentsOf: URL(filePath: path))))
    }

    private static func span(_ number: Int) -> SpanRecord {
        SpanRecord(
            traceID: TraceID(high: 1, low: 2), spanID: SpanID(UInt64(number + 1)),
            name: "span \(number)", startNanoseconds: 5, endNanoseconds: 9)
    }

    /// The names of the spans that are read, and the services that they are said to be of.
    private func read() throws -> (names: [String], services: Set<String>, damages: [Store.Damage])
    {
        var (names, services) = ([String](), Set<String>())
        let damages = try Store(store).forEachBlock { block, _ in
            try TracesData.forEachSpan(in: block.bytes, block.payload) { place in
                let resource = try Resource(decoding: block.bytes, place.resource)
                services.insert(resource.serviceName ?? "")
                names.append(try SpanRecord(decoding: block.bytes, place.span).name)
            }
        }
        return (names, services, damages)
    }

    private static let all = (0...30).map { "span \($0)" }
    private static let chunks = 3 * 4096

    @Test(arguments: [0, 8, 16, 40, 50, 66, 69, 74, 82, 4100])
    func `a damaged header loses no span that had ended, nor whose it was`(
        offset: Int
    ) async throws {
        var (path, bytes) = try await crash()
        bytes[offset] ^= 0x41
        try Data(bytes).write(to: URL(filePath: path))
        let (names, services, damages) = try read()
        #expect(names == Self.all && services == ["test"])
        #expect(damages.map(\.file) == [path])
        #expect(damages.first?.byteOffset == 0)
    }

    @Test func `without its first pages, a spool gives its chunks all the same`() async throws {
        var (path, bytes) = try await crash()
        bytes.replaceSubrange(..<Self.chunks, with: repeatElement(0, count: Self.chunks))
        try Data(bytes).write(to: URL(filePath: path))
        let (names, services, damages) = try read()
        #expect(names == Self.all && services == ["test"] && damages.count == 1)
    }

    @Test func `an entry that is damaged costs itself alone`() async throws {
        let (path, original) = try await crash()
        let end = try #require(original.firstRange(of: Array("span 30".utf8)))
        for offset in stride(from: Self.chunks + 64, to: end.lowerBound, by: 41) {
            var bytes = original
            bytes[offset] ^= 0x10
            try Data(bytes).write(to: URL(filePath: path))
            let (names, _, damages) = try read()
            #expect(names.count == 30 && Set(names).isSubset(of: Self.all), "byte \(offset)")
            #expect(damages.first?.byteOffset == UInt64(Self.chunks))
        }
    }

    @Test func `a place in the index that is damaged costs one entry`() async throws {
        let (path, original) = try await crash()
        for number in 1...30 {
            for bit in [0, 13, 30, 40] {
                var bytes = original
                bytes[Self.chunks + (32 << 10) - 8 * number + bit / 8] ^= 1 << UInt8(bit % 8)
                try Data(bytes).write(to: URL(filePath: path))
                #expect(try read().names.count == 30, "place \(number), bit \(bit)")
            }
        }
    }

    @Test(arguments: [16, 17, 19, 20, 23], [UInt8(0), 1, 0xFF])
    func `a chunk that lies about its extent gives what its index names`(
        offset: Int, byte: UInt8
    ) async throws {
        var (path, bytes) = try await crash()
        let isDamage = bytes[Self.chunks + offset] != byte
        bytes[Self.chunks + offset] = byte
        try Data(bytes).write(to: URL(filePath: path))
        let (names, _, damages) = try read()
        #expect(names == Self.all)
        #expect(damages.isEmpty != isDamage)
    }

    @Test func `a spool that is cut off gives the chunks before the cut`() async throws {
        var (path, bytes) = try await crash()
        bytes.removeLast(bytes.count - Self.chunks - (32 << 10))
        try Data(bytes).write(to: URL(filePath: path))
        let (names, _, damages) = try read()
        #expect(names == Self.all)
        #expect(damages.map(\.byteOffset) == [UInt64(bytes.count)])
    }

    @Test func `forged sizes are refused before anything is allocated for them`() async throws {
        let (path, original) = try await crash()
        for offset in stride(from: 64, through: 84, by: 4) {
            var bytes = original
            bytes.replaceSubrange(offset..<offset + 4, with: [0xFF, 0xFF, 0xFF, 0xFF])
            let checked = Array(bytes[16..<128]) + bytes[4096..<4096 + 100]
            bytes.replaceSubrange(
                8..<16, with: Checksum.xxh3(checked, 0..<checked.count).littleEndianBytes)
            try Data(bytes).write(to: URL(filePath: path))
            #expect(try read().names == Self.all, "field at \(offset)")
        }
    }

    @Test func `a damaged marker hides nothing`() async throws {
        _ = try await crash()
        let marker = "\(store)/spanlog-store"
        try Data("spanlog-stor% 1\n".utf8).write(to: URL(filePath: marker))
        let (names, _, damages) = try read()
        #expect(names == Self.all)
        #expect(damages.map(\.file) == [marker])
    }
}

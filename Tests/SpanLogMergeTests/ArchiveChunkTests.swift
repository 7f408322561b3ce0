import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import Testing

@testable import SpanLogMerge

struct ArchiveChunkTests {
    private func sealed(_ payload: [UInt8]) -> [UInt8] {
        var value = ArchiveChunk.begin() + payload
        ArchiveChunk.seal(&value)
        return value
    }

    private func content(_ value: [UInt8]) throws -> [UInt8] {
        let content = try ArchiveChunk.content(of: value)
        return Array(content.bytes[content.payload])
    }

    private func codec(_ value: [UInt8]) -> ArchiveChunk.Codec? { .init(rawValue: value[16]) }

    private static func noise(_ count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 7)
        return (0..<count).map { _ in UInt8(generator.below(256)) }
    }

    @Test(arguments: [0, 1, 4039, 4040, 4041, 300_000])
    func `a chunk gives back what was put into it`(count: Int) throws {
        let text = (0..<count).map { UInt8(truncatingIfNeeded: $0 / 3) }
        for payload in [text, Self.noise(count)] {
            let value = sealed(payload)
            #expect(value.count % 4096 == 4096 - 16)
            #expect(try content(value) == payload)
        }
    }

    @Test func `a chunk is compressed where that saves pages`() {
        let repeated = (0..<100_000).map { UInt8($0 % 50) + UInt8($0 / 1000) }
        #expect(codec(sealed(repeated)) == .zstd && sealed(repeated).count < 50_000)
        #expect(codec(sealed(Array(repeated.prefix(3000)))) == ArchiveChunk.Codec.none)
        #expect(codec(sealed(Self.noise(100_000))) == ArchiveChunk.Codec.none)
    }

    @Test func `what compresses better than readers believe is stored as it is`() throws {
        let zeros = [UInt8](repeating: 0, count: 20 << 20)
        #expect(codec(sealed(zeros)) == ArchiveChunk.Codec.none)
        #expect(try content(sealed(zeros)) == zeros)
    }

    @Test(arguments: [UInt64(0), 99_999, 100_001, 1 << 31, .max])
    func `a chunk that is not as long as it says is refused`(length: UInt64) throws {
        var value = sealed((0..<100_000).map { UInt8($0 % 50) + UInt8($0 / 1000) })
        let end = 40 + Int(UInt64(littleEndianIn: value, at: 24))
        value.replaceSubrange(32..<40, with: length.littleEndianBytes)
        value.replaceSubrange(8..<16, with: Checksum.xxh3(value, 16..<end).littleEndianBytes)
        #expect(throws: FormatError.self) { try ArchiveChunk.content(of: value) }
    }
}

import Foundation
import SpanLogFormat

@testable import SpanLogMerge
@testable import SpanLogStore

/// Decodes bytes that anybody may have made up, and checks what a decoder promises.
///
/// The first byte of an input says what the rest is given to. libFuzzer calls this, and so do the
/// tests with the corpus.
struct DecoderFuzzing {
    /// A folder for the files of those decoders that read files.
    private let folder: String

    /// What an input is given to.
    enum Kind: UInt8, CaseIterable {
        case span, tracesData, block, segment, spool, archive, summary, trace, clocks
    }

    /// A promise that was broken.
    struct Finding: Error, CustomStringConvertible {
        let description: String
    }

    init(folder: String) throws {
        self.folder = folder
        try FileSystem.createDirectory(folder)
    }

    /// - Throws: ``Finding``. Whatever else a decoder does but to throw ends the process.
    func run(_ input: [UInt8]) throws {
        guard let first = input.first, let kind = Kind(rawValue: first) else { return }
        let bytes = Array(input.dropFirst())
        switch kind {
        case .span: try checkSpan(bytes, 0..<bytes.count)
        case .tracesData: try checkTracesData(bytes, 0..<bytes.count)
        case .block: try checkBlock(bytes)
        case .segment: try checkStore(bytes, "\(Self.recorder)-0.mdb")
        case .spool: try checkStore(bytes, "\(Self.recorder).spool")
        case .archive: try checkArchive(bytes)
        case .summary: _ = try? TraceSummary(decoding: bytes, 0..<bytes.count)
        case .trace: checkTrace(bytes)
        case .clocks: checkClocks(bytes)
        }
    }

    private static let recorder = String(repeating: "01", count: 16)
}

extension DecoderFuzzing {
    /// Both ways to read a span agree, and what one reads survives being written.
    private func checkSpan(_ bytes: [UInt8], _ range: Range<Int>) throws {
        let span = try? SpanRecord(decoding: bytes, range)
        let scanned = try? ScannedSpan(scanning: bytes.span, range)
        guard (span == nil) == (scanned == nil) else {
            throw Finding(description: "scanning and decoding do not agree on what a span is")
        }
        guard let span, let scanned else { return }
        guard span.spanID == SpanID(scanned.spanID), span.traceID == scanned.traceID,
            span.startNanoseconds == scanned.startNanoseconds,
            span.endNanoseconds == scanned.endNanoseconds
        else { throw Finding(description: "scanning and decoding read different spans") }
        let encoded = span.encoded()
        guard try SpanRecord(decoding: encoded).encoded() == encoded else {
            throw Finding(description: "a span does not survive being written")
        }
    }

    private func checkTracesData(_ bytes: [UInt8], _ range: Range<Int>) throws {
        _ = try? TracesData.firstResource(in: bytes, range)
        do {
            try TracesData.forEachSpan(in: bytes, range) { place in
                _ = try? Resource(decoding: bytes, place.resource)
                try checkSpan(bytes, place.span)
            }
        } catch is FormatError {}
    }

    /// With the right checksum, since no fuzzer finds it.
    private func checkBlock(_ bytes: [UInt8]) throws {
        guard let header = try? BlockHeader(decoding: bytes[...]) else { return }
        // Nothing is learnt from filling the memory, which the limits allow up to 2 GiB of.
        guard header.payloadByteCount <= 1 << 24 else { return }
        var bytes = bytes
        let end = BlockHeader.byteCount + Int(header.storedByteCount)
        if end <= bytes.count {
            let checksum = Checksum.xxh3(bytes, 16..<end)
            bytes.replaceSubrange(8..<16, with: checksum.littleEndianBytes)
        }
        let key = header.sequence.bigEndianBytes
        guard let block = try? Block(checking: bytes, key: key) else { return }
        try checkTracesData(block.bytes, block.payload)
    }

    /// A store of one file.
    private func checkStore(_ bytes: [UInt8], _ name: String) throws {
        let path = "\(folder)/\(name)"
        try Data(bytes).write(to: URL(filePath: path))
        defer { try? FileSystem.removeFile(path) }
        _ = try Store(folder).forEachBlock { block, _ in
            try checkTracesData(block.bytes, block.payload)
        }
        _ = try? SegmentReader(path)
    }

    private func checkArchive(_ bytes: [UInt8]) throws {
        let path = "\(folder)/archive"
        try Data(bytes).write(to: URL(filePath: path))
        defer { try? FileSystem.removeFile(path) }
        guard let archive = try? ArchiveReader(path) else { return }
        _ = try? archive.newestSummaries(limit: 10)
        for id in ((try? archive.traceIDs()) ?? []).prefix(10) { _ = try? archive.trace(id) }
        try? archive.blocks.forEach { _, _ in }
        _ = try? archive.clockSources()
    }

    /// Corrections, which are applied then, and what an archive keeps to find them anew.
    private func checkClocks(_ bytes: [UInt8]) {
        if let corrections = try? ClockCorrections(decoding: bytes) {
            _ = corrections.latest(1 << 62)
            for domain in corrections.domains {
                var record = SpanRecord(
                    traceID: TraceID(high: 0, low: 1), spanID: SpanID(1), name: "",
                    startNanoseconds: 1 << 61, endNanoseconds: .max)
                _ = domain.correct(&record, BlockSeal(sealed: 1 << 40, before: 1 << 39))
            }
        }
        if let (_, anchors) = try? ArchivedAnchors.decode(bytes, 0..<bytes.count) {
            _ = ClockLine(anchors)
        }
        _ = try? ArchivedSeals(decoding: bytes, 0..<bytes.count)
    }

    /// With the right checksum, as for blocks.
    private func checkTrace(_ bytes: [UInt8]) {
        var chunk = ArchiveChunk.begin() + bytes
        ArchiveChunk.seal(&chunk)
        var decoder = TraceDecoder(TraceID(high: 0, low: 7))
        _ = try? decoder.add(chunk)
        _ = try? decoder.trace(ArchivedBlocks(nil), nil)
    }
}

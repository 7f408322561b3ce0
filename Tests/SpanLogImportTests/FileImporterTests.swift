import Foundation
import SpanLogFormat
import SpanLogMerge
import SpanLogTestSupport
import Testing

@testable import SpanLogImport
@testable import SpanLogStore

/// Files into stores: each as a whole, once, and whatever is wrong by name.
@Suite(.scratchDirectory) struct FileImporterTests {
    private let store = Scratch.path("store")

    @Test func `importing a file again adds nothing`() throws {
        let file = try write("a.jsonl", [Self.line(1), Self.line(2)])
        let first = try FileImporter(store: store).add(file)
        #expect(first.format == .otlp && first.importedSpanCount == 2 && first.isComplete)
        #expect(first.resourceCount == 2)
        let files = try names()
        let copy = try write("copy.jsonl", [Self.line(1), Self.line(2)])
        let second = try FileImporter(store: store).add(copy)
        #expect(second.importedSpanCount == 0 && second.alreadyThereSpanCount == 2)
        #expect(second.readSpanCount == 2)
        #expect(try names() == files)
    }

    @Test func `it adds nothing either once a compaction has moved everything`() throws {
        for number in 0..<3 {
            _ = try FileImporter(store: store).add(
                try write("\(number).jsonl", [Self.line(number)]))
        }
        let compacted = try StoreCompactor(store).run()
        #expect(compacted.joinedFileCount == 3)
        let report = try FileImporter(store: store).add(Scratch.path("1.jsonl"))
        #expect(report.alreadyThereSpanCount == 1 && report.importedSpanCount == 0)
    }

    @Test func `each resource is a recorder without a clock of this host`() throws {
        _ = try FileImporter(store: store).add(try write("a.jsonl", [Self.line(1), Self.line(2)]))
        let report = StoreReport(try Store(store))
        #expect(report.isSound)
        #expect(report.recorders.map(\.service).sorted() == ["service 1", "service 2"])
        #expect(Set(report.recorders.map(\.bootID)) == [String(repeating: "0", count: 32)])
    }

    @Test func `damage is named by line, and everything else imported`() throws {
        let line = Self.line(1)
        let bad = line.replacingOccurrences(of: "\"2000\"", with: "\"1\"")
        let file = try write(
            "a.jsonl", [line, "nonsense", bad, String(Self.line(3).dropLast(30)), Self.line(4)])
        let report = try FileImporter(store: store).add(file)
        #expect(report.importedSpanCount == 2 && report.refusedSpanCount == 1)
        #expect(report.unreadablePieceCount == 2 && !report.isComplete)
        #expect(report.problems.map(\.line) == [2, 3, 4])
        #expect(report.problems[1].reason == "span 0000000000000001: end before start")
        #expect(report.problems[1].description.hasPrefix("\(file):3: "))
        let again = try FileImporter(store: store).add(file)
        #expect(again.alreadyThereSpanCount == 2 && again.problems == report.problems)
    }

    @Test func `a message alone and one behind its length are the same to a merge`() throws {
        var random = RandomSpans(seed: 5)
        let spans = random.next(40)
        let message = Request(service: "service 1", spans).bytes
        let stored = try write("a.pb", bytes: message)
        let framed = try write(
            "b.pb", bytes: UInt32(message.count).bigEndianBytes + message + [0, 0])
        let one = try FileImporter(store: store).add(stored)
        #expect(one.importedSpanCount == spans.count && one.isComplete)
        let two = try FileImporter(store: store).add(framed)
        #expect(two.importedSpanCount == spans.count && two.unreadablePieceCount == 1)
        #expect(two.problems.first?.reason == "it is cut off")
        let report = try merge([store])
        #expect(report.accounting.identical == UInt64(spans.count))
    }

    @Test func `compressed messages and files are read`() throws {
        let message = Request(service: "a", [.span(1), .span(2)]).bytes
        let json = Array(Self.line(3).utf8)
        let frames = try [message, json].map { content in
            let frame = try compressed(content)
            return UInt32(frame.count).bigEndianBytes + frame
        }
        let report = try FileImporter(store: store).add(
            try write("a.zst", bytes: frames.flatMap { $0 }))
        #expect(report.importedSpanCount == 3 && report.isComplete)
        let whole = try compressed(json + [0x0A] + json) + compressed([0x0A] + json)
        let lines = try FileImporter(store: store).add(try write("b.zst", bytes: whole))
        #expect(lines.importedSpanCount == 3 && lines.isComplete)
        let cut = try FileImporter(store: store).add(
            try write("c.zst", bytes: whole.dropLast(3)))
        #expect(cut.unreadablePieceCount > 0)
    }

    @Test func `a file tells its format by how it begins`() throws {
        let importer = try FileImporter(store: store)
        func format(_ text: String) throws -> FileFormat {
            try importer.add(write("file", [text])).format
        }
        #expect(try format(Self.line(1)) == .otlp)
        #expect(try format(#"{"resourceLogs": []}"#) == .otlp)
        #expect(try format(Self.line(2).replacing("resourceSpans", with: "batches")) == .otlp)
        #expect(try format("{\n  \"data\": [\(JaegerTests.trace)]\n}") == .jaeger)
        #expect(try format(JaegerTests.trace.replacingOccurrences(of: "\n", with: "")) == .jaeger)
        #expect(try format("[\(ZipkinTests.whole)]") == .zipkin)
        #expect(throws: ImportError.self) { try format("hello") }
        #expect(throws: ImportError.self) { try format(#"{"a": 1}"#) }
        #expect(try names().contains { $0.hasSuffix(".tmp") } == false)
    }

    @Test func `logs and metrics beside traces are passed over and counted`() throws {
        let lines = [#"{"resourceLogs":[{"a":1}]}"#, Self.line(1), #"{"resourceMetrics":[]}"#]
        let report = try FileImporter(store: store).add(try write("a.jsonl", lines))
        #expect(report.otherDocumentCount == 2 && report.importedSpanCount == 1)
        #expect(report.isComplete)
    }

    @Test func `the archive is the same however files are grouped into stores`() throws {
        let files = try (0..<4).map { try write("\($0)", [Self.line($0), Self.line($0 + 1)]) }
        let importer = try FileImporter(store: store)
        for file in files { _ = try importer.add(file) }
        let stores = try files.reversed().map { file in
            let path = Scratch.path("store of \(FileSystem.name(of: file))")
            _ = try FileImporter(store: path).add(file)
            return path
        }
        #expect(try merge([store]).digest == merge(stores).digest)
    }

    @Test func `one import at a time writes into a store`() throws {
        let importer = try FileImporter(store: store)
        #expect(throws: StoreError.self) { try FileImporter(store: store) }
        withExtendedLifetime(importer) {}
    }

    @Test func `spans of one file that have no room in memory become blocks in between`() throws {
        let lines = (0..<3000).map { Self.line($0 % 7, span: $0 + 1, padding: 2000) }
        let report = try FileImporter(store: store).add(try write("a.jsonl", lines))
        #expect(report.importedSpanCount == 3000 && report.resourceCount == 7)
        let recorders = StoreReport(try Store(store)).recorders
        #expect(recorders.reduce(0) { $0 + $1.spanCount } == 3000)
        #expect(recorders.allSatisfy { $0.gaps.isEmpty })
    }
}

extension FileImporterTests {
    /// A document with a span of one service.
    static func line(_ service: Int, span: Int = 1, padding: Int = 0) -> String {
        let id = String(span, radix: 16)
        let padded = String(repeating: "0", count: 16 - id.count) + id
        return #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"#
            + #""stringValue":"service \#(service)"}}]},"scopeSpans":[{"spans":[{"traceId":"#
            + #""0102030405060708090a0b0c0d0e0f\#(10 + service)","spanId":"\#(padded)","#
            + #""name":"\#(String(repeating: "x", count: padding))","#
            + #""startTimeUnixNano":"1000","endTimeUnixNano":"2000"}]}]}]}"#
    }

    private func write(_ name: String, _ lines: [String]) throws -> String {
        try write(name, bytes: Array((lines.joined(separator: "\n") + "\n").utf8))
    }

    private func write(_ name: String, bytes: [UInt8]) throws -> String {
        let path = Scratch.path(name)
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    private func compressed(_ bytes: [UInt8]) throws -> [UInt8] {
        var compressor = ZstdCompressor()
        let frame = compressor?.compress(bytes, 0..<bytes.count)
        return Array(try #require(frame))
    }

    private func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: store).sorted()
    }

    private func merge(_ stores: [String]) throws -> MergeReport {
        let archive = Scratch.path("archive \(UInt64.random(in: 0 ... .max))")
        return try Merge(stores: stores.map { try Store($0) }).write(to: archive)
    }
}

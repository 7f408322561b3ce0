import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLogImport
@testable import SpanLogStore

@Suite(.scratchDirectory) struct ImportFailureTests {
    private let store = Scratch.path("store")

    @Test func `a disk that fails refuses, and nothing is missing or there twice afterwards`()
        async throws
    {
        var options = SpanImporter.Options()
        options.segmentBytesMax = 1 << 20
        let importer = try SpanImporter(store: store, options: options)
        let request = { (number: UInt64) in
            // Larger than a segment: each request needs one of its own.
            var span = SpanRecord.span(number)
            var generator = SeededGenerator(seed: number)
            span.attributes = [Attribute("x", .bytes(generator.bytes(count: 1 << 20)))]
            return Request(service: "planner", [span]).bytes
        }
        for number in UInt64(0)..<3 {
            _ = try await importer.append(request(10 + number), clock: .thisHost)
            try breakDown()
            await #expect {
                _ = try await importer.append(request(20 + number), clock: .thisHost)
            } throws: { error in
                guard let error = error as? ImportError else { return false }
                return error.code == .writeFailed && error.message.contains(store)
            }
            try repair()
            _ = try await importer.append(request(20 + number), clock: .thisHost)
        }
        await importer.shutdown()
        let report = StoreReport(try Store(store))
        #expect(report.isSound)
        #expect(report.recorders.reduce(0) { $0 + $1.spanCount } == 6)
        // After each failure the resource goes on under another id, since nobody knows for sure
        // which of its blocks are there.
        #expect(report.recorders.count == 4)
    }

    @Test func `what waits for the disk is bounded`() async throws {
        var options = SpanImporter.Options()
        options.waitingBytesMax = 1
        let importer = try SpanImporter(store: store, options: options)
        let counts = await withTaskGroup(of: Bool.self) { group in
            for number in UInt64(1)...100 {
                group.addTask {
                    let request = Request(service: "planner", [SpanRecord.span(number)])
                    do throws(ImportError) {
                        _ = try await importer.append(request.bytes, clock: .thisHost)
                        return true
                    } catch {
                        #expect(error.code == .busy)
                        return false
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        // One alone always has room.
        #expect(counts[true] ?? 0 > 0)
        await importer.shutdown()
        let spanCount = StoreReport(try Store(store)).recorders.reduce(0) { $0 + $1.spanCount }
        #expect(spanCount == UInt64(counts[true] ?? 0))
    }

    @Test func `what is no request leaves nothing`() async throws {
        let importer = try SpanImporter(store: store)
        for bytes in [[0xFF], [0x0A, 0x7F], Array("hello".utf8)] as [[UInt8]] {
            await #expect {
                _ = try await importer.append(bytes, clock: .thisHost)
            } throws: {
                ($0 as? ImportError)?.code == .malformed
            }
        }
        #expect(try await importer.append([], clock: .thisHost).spanCount == 0)
        await importer.shutdown()
        #expect(StoreReport(try Store(store)).recorders.isEmpty)
        #expect(try Store(store).segmentPaths.isEmpty && Store(store).spoolPaths.isEmpty)
    }

    @Test func `of many resources the oldest are forgotten, and come again as others`() {
        var recorders = ResourceRecorders()
        var ids: Set<RecorderID> = []
        func next(_ number: Int) -> RecorderID {
            let part = Request(service: "\(number)", [SpanRecord.span(1)])
            let traces = try? CheckedTraces(checking: part.bytes)
            return recorders.next(.init(traces!.parts[0], .thisHost)).id
        }
        let first = next(0)
        #expect(next(0) == first)
        for number in 0..<20_000 { ids.insert(next(number)) }
        #expect(ids.count == 20_000)
        #expect(ids.contains(first))
        #expect(next(0) != first)
        #expect(ids.contains(next(19_999)))
    }

    private func breakDown() throws {
        try FileSystem.rename(store, to: store + "-away")
        try FileSystem.replaceFile(store, with: [])
    }

    private func repair() throws {
        try FileSystem.removeFile(store)
        try FileSystem.rename(store + "-away", to: store)
    }
}

import SpanLogFormat
import SpanLogStore
import SpanLogTestSupport
import Testing

@Suite(.scratchDirectory) struct ShutdownTests {
    private let store = Scratch.path("store")

    @Test func `spans after a shutdown are counted, not kept`() async throws {
        let writer = try StoreWriter(store)
        writer.append([1], start: 1, end: 2)
        #expect(await writer.shutdown() == nil)
        for _ in 0..<3 { writer.append([2], start: 1, end: 2) }
        #expect(writer.drops.afterShutdown == 3)
        #expect(writer.drops.total == 3)
        #expect(try StoredContent(store).spans == [[1]])
    }

    @Test func `a second shutdown and later flushes succeed and change nothing`() async throws {
        let writer = try StoreWriter(store)
        writer.append([1], start: 1, end: 2)
        for _ in 0..<3 { #expect(await writer.shutdown() == nil) }
        for _ in 0..<3 { #expect(await writer.flush() == nil) }
        #expect(try StoredContent(store).sequences == [0])
    }

    @Test func `flushes and shutdowns of many threads at once are all answered`() async throws {
        for round in 0..<20 {
            let path = "\(store)-\(round)"
            let writer = try StoreWriter(path)
            await withTaskGroup(of: Bool.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        writer.append([UInt8(number)], start: 1, end: 2)
                        if number % 4 == 3 { return await writer.shutdown() == nil }
                        return await writer.flush() == nil
                    }
                }
                for await isAnswered in group { #expect(isAnswered) }
            }
            let stored = try StoredContent(path).spans.count
            #expect(UInt64(stored) + writer.drops.afterShutdown == 16)
        }
    }

    @Test func `a writer that is let go writes what it has, and ends its thread`() async throws {
        await withCheckedContinuation { continuation in
            let end = End { continuation.resume() }
            do {
                let writer = try StoreWriter(store, onFailure: { _ in _ = end })
                for number in 0..<100 { writer.append([UInt8(number)], start: 1, end: 2) }
            } catch {
                Issue.record(error)
            }
        }
        #expect(try StoredContent(store).spans.count == 100)
    }
}

/// Tells when the last reference to it is gone.
private final class End: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }

    deinit { body() }
}

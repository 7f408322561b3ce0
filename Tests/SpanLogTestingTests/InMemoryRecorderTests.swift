import Foundation
import SpanLog
import SpanLogTesting
import Testing

@Suite struct InMemoryRecorderTests {
    @Test func `what was recorded is drawn as a tree`() throws {
        let recorder = try InMemoryRecorder()
        withTracer(recorder.tracer) {
            withSpan("plan", ofKind: .server) { span in
                span.attributes["goal"] = "a bridge"
                span.attributes["budget"] = 2.5
                withSpan("search") { $0.attributes["pages"] = 3 }
                try? withSpan("write", ofKind: .client) { _ in throw TestError() }
                withSpan("check") { $0.setStatus(.init(code: .ok)) }
            }
            withSpan("tidy up") { $0.attributes["places"] = ["here", "there"] }
        }
        #expect(
            recorder.tree(attributes: ["pages", "budget", "goal", "places"]) == """
                plan (server) {budget: 2.5, goal: a bridge}
                  search {pages: 3}
                  write (client) error: SpanLogTestingTests.TestError: no paper
                  check ok
                tidy up {places: [here, there]}
                """)
        #expect(recorder["plan"]?.attributes.text(for: "goal") == "a bridge")
        #expect(recorder.spans.map(\.name) == ["plan", "search", "write", "check", "tidy up"])
    }

    @Test func `a span that is open is drawn as unfinished, and as itself once it has ended`()
        throws
    {
        let recorder = try InMemoryRecorder()
        let span = recorder.tracer.startSpan("work", context: .topLevel)
        recorder.tracer.startSpan("step", childOf: span).end()
        #expect(recorder.tree() == "work (unfinished)\n  step")
        span.end()
        #expect(recorder.tree() == "work\n  step")
    }

    @Test func `spans that started at the same time come in the order of their ends`() throws {
        let recorder = try InMemoryRecorder()
        let instant = DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: 17)
        for _ in 0..<20 {
            let root = recorder.tracer.startSpan("root", context: .topLevel, at: instant)
            for name in ["b", "a", "c"] {
                recorder.tracer.startSpan(name, context: root.context, at: instant)
                    .end(at: instant)
            }
            root.end(at: instant)
        }
        let tree = Array(repeating: "root\n  b\n  a\n  c", count: 20).joined(separator: "\n")
        #expect(recorder.tree() == tree)
    }

    @Test func `more spans than the memory holds at once are all there`() async throws {
        let recorder = try InMemoryRecorder()
        let text = String(repeating: "x", count: 5_000)
        for number in 0..<2_000 {
            let span = recorder.tracer.startSpan("\(number)", context: .topLevel)
            span.setAttribute("text", text)
            span.end()
            // Ten megabytes pass through one; the disk may take its time, and a test waits for it.
            if number % 100 == 99 { recorder.tracer.forceFlush() }
        }
        #expect(recorder.spans.map(\.name) == (0..<2_000).map { "\($0)" })
    }

    @Test func `the sampler and the resource are those of the configuration`() throws {
        var configuration = Recorder.Configuration(serviceName: "a", environment: [:])
        configuration.sampler = .alwaysOff
        let recorder = try InMemoryRecorder(configuration)
        recorder.tracer.startSpan("span", context: .topLevel).end()
        #expect(recorder.spans.isEmpty)
        #expect(recorder.tree().isEmpty)
    }

    @Test func `tests that run in parallel each see their own spans`() async throws {
        try await withThrowingTaskGroup { group in
            for number in 0..<16 {
                group.addTask {
                    let recorder = try InMemoryRecorder()
                    await withTracer(recorder.tracer) {
                        await withSpan("test \(number)") { _ in
                            await Task.yield()
                            async let first: Void = withSpan("child") { _ in await Task.yield() }
                            await first
                        }
                    }
                    #expect(recorder.tree() == "test \(number)\n  child")
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `nothing is left behind`() throws {
        var path = ""
        do {
            let recorder = try InMemoryRecorder()
            recorder.tracer.startSpan("open", context: .topLevel).addEvent("event")
            recorder.tracer.startSpan("span", context: .topLevel).end()
            path = recorder.path
            #expect(FileManager.default.fileExists(atPath: path))
            #expect(recorder.spans.count == 2)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}

struct TestError: Error, CustomStringConvertible {
    var description: String { "no paper" }
}

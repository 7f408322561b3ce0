import SpanLog
import SpanLogFormat
import Testing

@Suite struct ManualSpanTests {
    @Test func `a span has the parent and the times that it is given`() async throws {
        let recording = try await Recording { tracer in
            tracer.withSpan("current") { _ in
                let root = tracer.startSpan(
                    "root", childOf: nil, at: SpanTime(nanosecondsSinceEpoch: 1000))
                let child = tracer.startSpan(
                    "child", childOf: root.identity, ofKind: .client,
                    at: SpanTime(nanosecondsSinceEpoch: 1100))
                #expect(ActiveSpan.current?.operationName == "current")
                child.end(at: SpanTime(nanosecondsSinceEpoch: 1300))
                root.end(at: SpanTime(nanosecondsSinceEpoch: 1500))
            }
        }
        let (root, child) = (
            try #require(recording["root"]), try #require(recording["child"])
        )
        #expect(root.parentSpanID == nil && root.traceID != recording["current"]?.traceID)
        #expect(child.parentSpanID == root.spanID && child.traceID == root.traceID)
        #expect(child.kind == .client)
        #expect(root.startNanoseconds == 1000 && root.endNanoseconds == 1500)
        #expect(child.startNanoseconds == 1100 && child.endNanoseconds == 1300)
    }

    @Test func `a span may be below one that only its header tells of`() async throws {
        let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let identity = try #require(SpanIdentity(traceparent: header))
        #expect(SpanIdentity(traceparent: "00-0-0-01") == nil)
        let recording = try await Recording { tracer in
            let span = tracer.startSpan("span", childOf: identity)
            span.addLink(SpanLink(to: identity, attributes: ["why": "follows"]))
            span.end()
        }
        let span = try #require(recording["span"])
        #expect(span.traceID == identity.traceID && span.parentSpanID == identity.spanID)
        #expect(span.isParentRemote == true)
        #expect(span.links.map(\.spanID) == [identity.spanID])
        #expect(span.links.first?.attributes.text(for: "why") == "follows")
    }

    @Test func `a span ends with what it came to`() async throws {
        let recording = try await Recording { tracer in
            let start = SpanTime(nanosecondsSinceEpoch: 1000)
            let span = tracer.startSpan("span", childOf: nil, at: start)
            span.end(
                outputs: [1], attributes: ["a": 2], status: .init(code: .error, message: "no"),
                at: SpanTime(nanosecondsSinceEpoch: 1001))
            tracer.startSpan("other", childOf: nil).end(outputs: "x")
        }
        let span = try #require(recording["span"])
        #expect(span.attributes.text(for: "mlflow.spanOutputs") == "[1]")
        #expect(span.attributes.value(for: "a") == .int(2))
        #expect(span.status == .init(code: .error, message: "no"))
        #expect(span.endNanoseconds == 1001)
        #expect(recording["other"]?.attributes.text(for: "mlflow.spanOutputs") == #""x""#)
    }
}

import SpanLog
import SpanLogFormat
import Testing

@Suite struct TraceFactsTests {
    private static let traceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func `everything that MLflow knows of a trace can be said from any span`() async throws {
        let recording = try await Recording { tracer in
            tracer.withSpan("root") { _ in
                tracer.withSpan("deep") { span in
                    span.updateTrace(
                        metadata: ["version": "7"], clientRequestID: "r-1",
                        requestPreview: "question", responsePreview: "answer", status: .inProgress)
                }
            }
        }
        let attributes = try #require(recording["deep"]).attributes
        #expect(attributes.text(for: "spanlog.trace.metadata.version") == "7")
        #expect(attributes.text(for: "spanlog.trace.client_request_id") == "r-1")
        #expect(attributes.text(for: "spanlog.trace.request_preview") == "question")
        #expect(attributes.text(for: "spanlog.trace.response_preview") == "answer")
        #expect(attributes.text(for: "spanlog.trace.state") == "IN_PROGRESS")
    }

    @Test func `a statement has the time at which it was made, and a later one a later time`()
        async throws
    {
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { span in
                span.updateTrace(name: "first", sessionID: "s")
                span.updateTrace(name: "second")
            }
        }
        let span = try #require(recording["span"])
        func time(_ key: String) throws -> UInt64 {
            guard case .int(let time) = span.attributes.value(for: "spanlog.said_at.\(key)") else {
                throw TestError(description: "\(key) has no time")
            }
            return UInt64(time)
        }
        #expect(span.attributes.text(for: "mlflow.traceTag.mlflow.traceName") == "second")
        let (session, name) = (
            try time("session.id"), try time("mlflow.traceTag.mlflow.traceName")
        )
        // The wall clock may be read by two ways, a few microseconds apart.
        #expect(session < name && session + 1_000_000 > span.startNanoseconds)
    }

    @Test func `the current trace can be spoken of without its span at hand`() async throws {
        #expect(!updateCurrentTrace(name: "nobody's"))
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { span in
                #expect(ActiveSpan.current === span)
                #expect(TraceID.current == span.identity.traceID)
                #expect(span.identity.traceID.mlflowID == "tr-\(span.identity.traceID)")
                #expect(updateCurrentTrace(tags: ["a": "b"]))
            }
        }
        #expect(recording["span"]?.attributes.text(for: "mlflow.traceTag.a") == "b")
        #expect(ActiveSpan.current == nil && TraceID.current == nil)
    }

    @Test func `a scope speaks for every trace that is made in it, and an inner one wins`()
        async throws
    {
        let recording = try await Recording { tracer in
            tracer.withSpan("outside") { _ in
                withTraceContext(sessionID: "s", userID: "u", tags: ["a": "1", "b": "1"]) {
                    tracer.withSpan("child") { _ in }
                    let root = tracer.startSpan("root", childOf: nil)
                    tracer.startSpan("below", childOf: root).end()
                    root.end()
                    withTraceContext(userID: "v", tags: ["b": "2"], metadata: ["m": "3"]) {
                        tracer.startSpan("inner", childOf: nil).end()
                    }
                }
            }
        }
        for name in ["outside", "child", "below"] {
            #expect(recording[name]?.attributes.isEmpty == true, "\(name)")
        }
        let root = try #require(recording["root"]).attributes
        #expect(root.text(for: "session.id") == "s" && root.text(for: "user.id") == "u")
        #expect(root.text(for: "mlflow.traceTag.b") == "1")
        let inner = try #require(recording["inner"]).attributes
        #expect(inner.text(for: "session.id") == "s" && inner.text(for: "user.id") == "v")
        #expect(inner.text(for: "mlflow.traceTag.a") == "1")
        #expect(inner.text(for: "mlflow.traceTag.b") == "2")
        #expect(inner.text(for: "spanlog.trace.metadata.m") == "3")
    }

    @Test func `a scope reaches across suspensions, and speaks where a trace comes in`()
        async throws
    {
        let recording = try await Recording { tracer in
            await withTraceContext(sessionID: "s") {
                await Task.yield()
                withTracingContext(fromHTTPRequestHeaders: ["traceparent": Self.traceParent]) {
                    tracer.withSpan("entry", ofKind: .server) { _ in
                        tracer.withSpan("inside") { _ in }
                    }
                }
            }
        }
        #expect(recording["entry"]?.attributes.text(for: "session.id") == "s")
        #expect(recording["inside"]?.attributes.isEmpty == true)
    }

    @Test func `session and user travel in baggage only when asked, and yield to what is said`()
        async throws
    {
        var sent: [[String: String]] = []
        _ = try await Recording { tracer in
            for isInBaggage in [false, true] {
                withTraceContext(sessionID: "s", userID: "Ä", isInBaggage: isInBaggage) {
                    tracer.withSpan("client", ofKind: .client) { _ in
                        sent.append(tracingContextHeadersForHTTPRequest())
                    }
                }
            }
        }
        #expect(sent[0]["baggage"] == nil)
        #expect(sent[1]["baggage"] == "session.id=s,user.id=%C3%84")
        let recording = try await Recording { tracer in
            withTracingContext(fromHTTPRequestHeaders: sent[1]) {
                tracer.withSpan("server", ofKind: .server) { _ in }
                tracer.startSpan("other trace", childOf: nil).end()
            }
        }
        for name in ["server", "other trace"] {
            let attributes = try #require(recording[name]).attributes
            #expect(attributes.text(for: "session.id") == "s")
            #expect(attributes.text(for: "user.id") == "Ä")
            #expect(attributes.value(for: "spanlog.said_at.user.id") == .int(0))
        }
    }

    @Test func `a trace can be spoken of when all its spans have ended`() async throws {
        let recording = try await Recording { tracer in
            let span = tracer.startSpan("span", childOf: nil)
            span.end()
            tracer.updateTrace(span.identity.traceID, name: "late", status: .error)
        }
        let (span, note) = (
            try #require(recording["span"]), try #require(recording["spanlog.note"])
        )
        #expect(note.traceID == span.traceID && note.parentSpanID == nil)
        #expect(note.attributes.text(for: "mlflow.traceTag.mlflow.traceName") == "late")
        #expect(note.attributes.text(for: "spanlog.trace.state") == "ERROR")
        #expect(note.startNanoseconds == note.endNanoseconds)
        #expect(note.startNanoseconds >= span.endNanoseconds)
    }
}

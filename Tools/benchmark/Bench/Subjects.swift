import InMemoryTracing
import SpanLog
import Tracing

/// A way to make spans, which a benchmark measures.
struct Subject {
    let name: String
    /// Makes this many spans on the calling thread.
    let makeSpans: @Sendable (_ count: Int) -> Void
    /// Called after each run, outside the measurement: brings what was made where it belongs.
    var settle: @Sendable () -> Void = {}
    /// How many spans were lost so far.
    var lostCount: @Sendable () -> UInt64 = { 0 }
}

extension Subject {
    /// A child span with four attributes, by the no-op tracer of swift-distributed-tracing.
    ///
    /// Tracers are called by their own types, as a service does that holds one, and not through a
    /// function that is generic over them: that would cost them all alike.
    static func noOp(_ name: String) -> Subject {
        Subject(name: name) { count in
            let tracer = NoOpTracer()
            let context = tracer.startSpan("root", context: .topLevel).context
            for _ in 0..<count {
                let span = tracer.startSpan("operation", context: context)
                span.updateAttributes(fill)
                span.end()
            }
        }
    }

    /// The same by the in-memory tracer.
    static func inMemory(_ name: String, _ tracer: InMemoryTracer) -> Subject {
        Subject(name: name) { count in
            let context = tracer.startSpan("root", context: .topLevel).context
            for _ in 0..<count {
                let span = tracer.startSpan("operation", context: context)
                span.updateAttributes(fill)
                span.end()
            }
        }
    }

    /// The same by SpanLog's tracer.
    static func tracing(_ name: String, _ tracer: SpanLogTracer) -> Subject {
        Subject(name: name) { count in
            let context = tracer.startSpan("root", context: .topLevel).context
            for _ in 0..<count {
                let span = tracer.startSpan("operation", context: context)
                span.updateAttributes(fill)
                span.end()
            }
        }
    }

    /// The same through the global `withSpan`, which takes the tracer as an existential.
    static func global(_ name: String, _ tracer: some Tracer) -> Subject {
        Subject(name: name) { count in
            withTracer(tracer) {
                withSpan("root") { _ in
                    for _ in 0..<count {
                        withSpan("operation") { span in span.updateAttributes(fill) }
                    }
                }
            }
        }
    }

    private static func fill(_ attributes: inout SpanAttributes) {
        attributes["http.request.method"] = "GET"
        attributes["url.path"] = "/api/v1/things"
        attributes["http.response.status_code"] = 200
        attributes["retried"] = false
    }

    /// The same through SpanLog's own span.
    static func own(_ name: String, _ tracer: SpanLogTracer) -> Subject {
        Subject(name: name) { count in
            let root = tracer.startSpan("root", context: .topLevel)
            for _ in 0..<count {
                let span = tracer.startSpan("operation", childOf: root)
                span.setAttribute("http.request.method", "GET")
                span.setAttribute("url.path", "/api/v1/things")
                span.setAttribute("http.response.status_code", 200)
                span.setAttribute("retried", false)
                span.end()
            }
        }
    }

    /// A child span without attributes.
    static func bare(_ name: String, _ tracer: SpanLogTracer) -> Subject {
        Subject(name: name) { count in
            let root = tracer.startSpan("root", context: .topLevel)
            for _ in 0..<count { tracer.startSpan("operation", childOf: root).end() }
        }
    }

    func settling(
        _ settle: @escaping @Sendable () -> Void,
        lost: @escaping @Sendable () -> UInt64 = { 0 }
    ) -> Subject {
        var subject = self
        subject.settle = settle
        subject.lostCount = lost
        return subject
    }
}

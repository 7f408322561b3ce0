import SpanLog
import SpanLogFormat
import Testing

@Suite struct HeaderPropagationTests {
    private static let traceID = "0af7651916cd43dd8448eb211c80319c"
    private static let traceParent = "00-\(traceID)-b7ad6b7169203331-03"

    @Test func `a request's headers make the next span a child in another process`()
        async throws
    {
        let recording = try await Recording { tracer in
            var context = ServiceContext.topLevel
            let headers = [
                "traceparent": Self.traceParent, "tracestate": "vendor=1", "baggage": "user=ada",
            ]
            tracer.extract(headers, into: &context, using: DictionaryCarrier())
            #expect(context.baggage?["user"] == "ada")
            tracer.withSpan("span", context: context, ofKind: .server) { span in
                var sent: [String: String] = [:]
                tracer.inject(span.context, into: &sent, using: DictionaryCarrier())
                #expect(sent["traceparent"] == "00-\(Self.traceID)-\(span.identity.spanID)-03")
                #expect(sent["tracestate"] == "vendor=1")
                #expect(sent["baggage"] == "user=ada")
            }
        }
        let span = try #require(recording["span"])
        #expect(span.traceID.description == Self.traceID)
        #expect(span.parentSpanID?.description == "b7ad6b7169203331")
        #expect(span.isParentRemote == true)
        #expect(span.traceState == "vendor=1")
    }

    @Test(arguments: ["traceparent", "Traceparent", "TRACEPARENT", "tRaCePaReNt"])
    func `header names of any case are found`(name: String) {
        withTracingContext(fromHTTPRequestHeaders: [name: Self.traceParent]) {
            #expect(ServiceContext.current?.spanIdentity?.traceID.description == Self.traceID)
        }
    }

    @Test(arguments: [
        "", "00", "ff-\(traceID)-b7ad6b7169203331-01", "\(traceParent),\(traceParent)",
    ])
    func `a malformed parent starts a new trace and drops the trace state`(header: String)
        async throws
    {
        let recording = try await Recording { tracer in
            let headers = ["traceparent": header, "tracestate": "vendor=1"]
            withTracingContext(fromHTTPRequestHeaders: headers) {
                tracer.withSpan("span") { _ in }
            }
        }
        let span = try #require(recording["span"])
        #expect(span.parentSpanID == nil)
        #expect(span.traceState.isEmpty)
        #expect(span.traceID.description != Self.traceID)
    }

    @Test func `a malformed trace state does not harm the parent`() {
        let headers = ["traceparent": Self.traceParent, "tracestate": "Not Valid"]
        withTracingContext(fromHTTPRequestHeaders: headers) {
            let identity = ServiceContext.current?.spanIdentity
            #expect(identity?.traceID.description == Self.traceID)
            #expect(identity?.traceState.isEmpty == true)
        }
    }

    @Test func `an incoming request leaves the trace that its handler happens to stand in`()
        async throws
    {
        let recording = try await Recording { tracer in
            tracer.withSpan("server loop") { _ in
                withTracingContext(fromHTTPRequestHeaders: [:]) {
                    tracer.withSpan("request") { _ in }
                }
            }
        }
        #expect(recording["request"]?.parentSpanID == nil)
    }

    @Test func `each request carries the span that sends it`() async throws {
        _ = try await Recording { tracer in
            let parents = (0..<2).map { _ in
                tracer.withSpan("client") { _ in
                    tracingContextHeadersForHTTPRequest()["traceparent"]
                }
            }
            #expect(parents[0] != parents[1])
            #expect(tracingContextHeadersForHTTPRequest().isEmpty)
        }
    }

    @Test func `received baggage never replaces what is there`() {
        var context = ServiceContext.topLevel
        context.baggage = ["tenant": "ours"]
        ServiceContext.withValue(context) {
            withTracingContext(fromHTTPRequestHeaders: ["baggage": "tenant=theirs,more=1"]) {
                #expect(ServiceContext.current?.baggage?["tenant"] == "ours")
                #expect(ServiceContext.current?.baggage?["more"] == "1")
            }
        }
    }

    @Test func `the environment carries a trace into a child process`() async throws {
        _ = try await Recording { tracer in
            tracer.withSpan("job") { span in
                let variables = tracingContextEnvironment()
                #expect(variables.keys.sorted() == ["TRACEPARENT"])
                let child = ServiceContext.fromEnvironment(variables)
                #expect(child.spanIdentity?.spanID == span.identity.spanID)
            }
        }
    }
}

/// The simplest carrier of headers.
struct DictionaryCarrier: Extractor, Injector {
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }

    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
        carrier[key] = value
    }
}

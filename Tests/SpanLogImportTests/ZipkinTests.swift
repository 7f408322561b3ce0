import SpanLogFormat
import Testing

@testable import SpanLogImport

/// Zipkin's JSON as OpenTelemetry's rules map it.
@Suite struct ZipkinTests {
    @Test func `a span comes out with its endpoints, tags and annotations`() throws {
        let document = try ZipkinSpan.document(Array(Self.whole.utf8))
        let (span, resource, scope) = try #require(document.contents.first)
        #expect(span.traceID.description == "0000000000000000" + "5982fe77008310cc")
        #expect(span.spanID == SpanID(0xbd7a_9775_5555_5555))
        #expect(span.parentSpanID == SpanID(0x90394f6bcffb5d13))
        #expect(span.kind == .client && span.name == "get /api" && span.traceState == "a=1")
        #expect(span.startNanoseconds == 1_500_000_000_000_001_000)
        #expect(span.endNanoseconds == 1_500_000_000_000_208_000)
        #expect(
            span.attributes == [
                Attribute("http.path", .string("/api")),
                Attribute("network.local.address", .string("172.19.0.3")),
                Attribute("network.local.port", .int(80)),
                Attribute("peer.service", .string("backend")),
                Attribute("network.peer.address", .string("58:c::")),
                Attribute("network.peer.port", .int(9000)),
            ])
        #expect(
            span.events == [
                SpanRecord.Event(name: "foo", nanoseconds: 1_500_000_000_000_002_000),
                SpanRecord.Event(
                    name: "retry", nanoseconds: 1_500_000_000_000_003_000,
                    attributes: [Attribute("attempt", .int(2)), Attribute("why", .string("late"))]),
                SpanRecord.Event(
                    name: "bare", nanoseconds: 1_500_000_000_000_004_000,
                    attributes: [Attribute("ok", .bool(true))]),
            ])
        #expect(
            resource == [
                Attribute("service.name", .string("frontend")),
                Attribute("process.pid", .int(42)),
                Attribute("host.ip", .array([.string("172.19.0.3")])),
            ])
        #expect(scope == "library")
        #expect(span.status == SpanRecord.Status(code: .error, message: "timed out"))
    }

    @Test(arguments: [
        (#"{"error":""}"#, "error", "", 0), (#"{"error":"true"}"#, "error", "", 0),
        (#"{"error":"no"}"#, "error", "no", 0), (#"{"error":"false"}"#, "unset", "", 1),
        (#"{"otel.status_code":"OK"}"#, "ok", "", 0),
        (#"{"otel.status_code":"ERROR","error":"bad"}"#, "error", "bad", 0),
        (#"{"otel.status_code":"OK","error":"bad"}"#, "ok", "", 1),
        (
            #"{"otel.status_code":"ERROR","otel.status_description":"d","error":"true"}"#, "error",
            "d", 0
        ),
        ("{}", "unset", "", 0),
    ])
    func `tags tell the status`(tags: String, code: String, message: String, count: Int) throws {
        let span = try Self.span(#""tags":\#(tags)"#)
        #expect("\(span.status.code)" == code && span.status.message == message)
        #expect(span.attributes.count == count)
    }

    @Test(arguments: [
        (#""kind":"SERVER""#, SpanRecord.Kind.server), (#""kind":"PRODUCER""#, .producer),
        (#""kind":"CONSUMER""#, .consumer), (#""kind":null"#, .unspecified),
        (#""tags":{"span.kind":"internal"}"#, .internal),
    ])
    func `kinds have other names`(members: String, kind: SpanRecord.Kind) throws {
        let span = try Self.span(members)
        #expect(span.kind == kind && span.attributes.isEmpty)
    }

    @Test
    func
        `a span without a duration has not ended, and one without a start has that of its first annotation`()
        throws
    {
        let text =
            #"{"traceId":"7","id":"1","annotations":[{"timestamp":9,"value":"b"},{"timestamp":8,"value":"a"}]}"#
        let span = try #require(ZipkinSpan.document(Array(text.utf8)).spans.first)
        #expect(span.startNanoseconds == 8000 && span.endNanoseconds == 0)
        #expect(try Self.span(#""duration":0"#).endNanoseconds == 5000)
    }

    @Test(arguments: [#""parentId":"1""#, #""parentId":"0000000000000000""#, #""parentId":null"#])
    func `a span that is its own parent has none`(members: String) throws {
        #expect(try Self.span(members).parentSpanID == nil)
    }

    @Test(arguments: [
        (#""traceId":"x""#, "trace id"), (#""id":"""#, "span id"), (#""id":7"#, "span id"),
        (#""parentId":"11112222333344445""#, "span id"), (#""timestamp":"x""#, "microseconds"),
        (#""duration":-3"#, "microseconds"), (#""tags":[]"#, "an object"),
        (#""localEndpoint":"a""#, "an object"), (#""annotations":{}"#, "an array"),
        (#""annotations":[{"timestamp":true}]"#, "microseconds"),
        (#""remoteEndpoint":{"port":"many"}"#, "a whole number"),
    ])
    func `a span that is wrong is left out by name`(members: String, reason: String) throws {
        let text = #"{"traceId":"7","id":"1","timestamp":5,\#(members)}"#
        let document = try ZipkinSpan.document(Array(text.utf8))
        #expect(document.spanCount == 0 && document.refusedCount == 1)
        #expect(document.refused.first?.reason.contains(reason) == true, "\(document.refused)")
    }

    @Test(arguments: ["", "{", "{,}", #"{"traceId":"x",]"#, #"{"tags":{"a"}}"#])
    func `what is no JSON is refused`(text: String) {
        #expect(throws: OTLPJSON.Refusal.self) { try ZipkinSpan.document(Array(text.utf8)) }
    }
}

extension ZipkinTests {
    static func span(_ members: String) throws -> SpanRecord {
        let text = #"{"traceId":"7","id":"1","timestamp":5,\#(members)}"#
        let document = try ZipkinSpan.document(Array(text.utf8))
        return try #require(document.spans.first, "\(document.refused)")
    }

    static let whole = #"""
        {"traceId":"5982fe77008310cc","id":"bd7a977555555555","parentId":"90394f6bcffb5d13",
         "name":"get /api","kind":"CLIENT","timestamp":1500000000000001,"duration":207,"shared":false,
         "localEndpoint":{"serviceName":"frontend","ipv4":"172.19.0.3","port":80},
         "remoteEndpoint":{"serviceName":"backend","ipv6":"58:c::","port":9000},
         "annotations":[{"timestamp":1500000000000002,"value":"foo"},
           {"timestamp":1500000000000003,"value":"{\"retry\": {\"attempt\": 2, \"why\": \"late\"}}"},
           {"timestamp":1500000000000004,"value":"\"bare\": {\"ok\": true}"}],
         "tags":{"http.path":"/api","otel.scope.name":"library","w3c.tracestate":"a=1",
           "otel.status_code":"ERROR","error":"timed out","process.pid":"42"}}
        """#
}

import SpanLogFormat
import Testing

@testable import SpanLogImport

/// Jaeger's JSON as OpenTelemetry's rules map it.
@Suite struct JaegerTests {
    @Test func `a trace comes out with its parents, types and processes`() throws {
        let document = try JaegerTrace.document(Array(Self.trace.utf8))
        #expect(document.refused.isEmpty)
        let contents = try document.contents
        #expect(contents.map(\.span.name) == ["buy", "pay"])
        let (buy, pay) = (contents[0].span, contents[1].span)
        #expect(buy.traceID.description == "0000000000000000" + "00abcdef01234567")
        #expect(buy.spanID == SpanID(0x1) && buy.parentSpanID == nil)
        #expect(buy.startNanoseconds == 1_700_000_000_000_001_000)
        #expect(buy.endNanoseconds == 1_700_000_000_000_251_000)
        #expect(buy.kind == .server && buy.flags == 1)
        #expect(buy.traceState == "a=1")
        #expect(
            buy.attributes == [
                Attribute("text", .string("t")), Attribute("flag", .bool(true)),
                Attribute("count", .int(9_007_199_254_740_993)), Attribute("ratio", .double(2)),
                Attribute("bytes", .bytes([1, 2])), Attribute("odd", .string(#"{"a":1}"#)),
                Attribute("jaeger.warnings", .array([.string("clock skew")])),
            ])
        #expect(
            buy.events == [
                SpanRecord.Event(
                    name: "retry", nanoseconds: 1_700_000_000_000_002_000,
                    attributes: [Attribute("attempt", .int(2))]),
                SpanRecord.Event(name: "", nanoseconds: 1_700_000_000_000_003_000),
            ])
        #expect(
            contents[0].resource == [
                Attribute("service.name", .string("shop")), Attribute("ip", .string("10.0.0.1")),
                Attribute("host.name", .string("alpha")),
                Attribute("opencensus.exporterversion", .string("Jaeger-Go-2.30")),
            ])
        #expect(contents[0].scope == "library" && contents[1].scope == "")
        #expect(pay.parentSpanID == SpanID(1))
        #expect(pay.links.map(\.spanID) == [SpanID(9)])
        #expect(
            pay.links[0].attributes == [Attribute("opentracing.ref_type", .string("follows_from"))])
        #expect(pay.status == SpanRecord.Status(code: .error, message: "declined"))
        #expect(pay.attributes.isEmpty)
    }

    @Test(arguments: [
        (#"{"key":"error","type":"bool","value":true}"#, "error", ""),
        (#"{"key":"error","type":"string","value":"true"}"#, "error", ""),
        (#"{"key":"error","type":"bool","value":false}"#, "unset", "error"),
        (#"{"key":"otel.status_code","type":"string","value":"OK"}"#, "ok", ""),
        (#"{"key":"otel.status_code","type":"string","value":"ERROR"}"#, "error", ""),
        (
            #"{"key":"otel.status_code","type":"string","value":"what"}"#, "unset",
            "otel.status_code"
        ),
        (#"{"key":"http.status_code","type":"int64","value":503}"#, "error", "http.status_code"),
        (#"{"key":"http.status_code","type":"int64","value":404}"#, "error", "http.status_code"),
        (#"{"key":"http.status_code","type":"string","value":"200"}"#, "unset", "http.status_code"),
    ])
    func `tags tell the status`(tag: String, code: String, kept: String) throws {
        let span = try Self.span(#""tags":[\#(tag)]"#)
        #expect("\(span.status.code)" == code)
        #expect(span.attributes.map(\.key) == (kept.isEmpty ? [] : [kept]))
    }

    @Test func `a server is not to blame for what it was asked`() throws {
        let tag = #"{"key":"http.status_code","value":404},{"key":"span.kind","value":"server"}"#
        #expect(try Self.span(#""tags":[\#(tag)]"#).status.code == .unset)
    }

    @Test(arguments: [
        (#"[{"refType":"FOLLOWS_FROM","traceID":"7","spanID":"2"}]"#, UInt64(2), 1),
        (#"[{"refType":"CHILD_OF","traceID":"8","spanID":"2"}]"#, 0, 1),
        (
            #"[{"refType":"CHILD_OF","traceID":"7","spanID":"2"},{"refType":"CHILD_OF","traceID":"7","spanID":"3"}]"#,
            2, 1
        ),
        (
            #"[{"refType":"FOLLOWS_FROM","traceID":"7","spanID":"3"},{"refType":"CHILD_OF","traceID":"7","spanID":"2"}]"#,
            2, 1
        ),
        ("[]", 0, 0), ("null", 0, 0),
    ])
    func `references are parents or links`(references: String, parent: UInt64, linkCount: Int)
        throws
    {
        let span = try Self.span(#""references":\#(references)"#)
        #expect(span.parentSpanID?.value ?? 0 == parent)
        #expect(span.links.count == linkCount)
    }

    @Test(arguments: [
        (#""spanID":"xyz""#, "span id"), (#""spanID":"11112222333344445""#, "span id"),
        (#""spanID":17"#, "span id"), (#""traceID":"""#, "trace id"),
        (#""startTime":-1"#, "microseconds"), (#""startTime":"x""#, "microseconds"),
        (#""startTime":18446744073709551615"#, "microseconds"),
        (#""duration":18446744073709551,"startTime":18446744073709551"#, "after all time"),
        (#""tags":{}"#, "an array"), (#""tags":[1]"#, "an object"), (#""logs":[[]]"#, "an object"),
        (#""references":[{"traceID":1}]"#, "trace id"), (#""operationName":[]"#, "a plain value"),
        (#""processID":"p9""#, "no process \"p9\""),
    ])
    func `a span that is wrong is left out by name, and its trace stays`(
        members: String, reason: String
    ) throws {
        let document = try JaegerTrace.document(
            Array(
                Self.trace(
                    #"{"traceID":"7","spanID":"1","processID":"p1",\#(members)}"#, Self.plain
                ).utf8))
        #expect(document.spanCount == 1 && document.refusedCount == 1)
        #expect(document.refused.first?.reason.contains(reason) == true, "\(document.refused)")
        #expect(try document.spans.map(\.spanID) == [SpanID(2)])
    }

    @Test(arguments: [
        "", "{", "7", "[]", "{}", #"{"processes":{}}"#, #"{"spans":{}}"#, #"{"spans":[}"#,
        #"{"spans":[],"processes":[]}"#, #"{"spans":[{"tags":[}]}]}"#,
    ])
    func `what is no trace is refused`(text: String) {
        #expect(throws: OTLPJSON.Refusal.self) { try JaegerTrace.document(Array(text.utf8)) }
    }

    @Test func `a process may stand in its span`() throws {
        let span = Self.plain.replacing(
            #""processID":"p1""#, with: #""process":{"serviceName":"own","tags":null}"#)
        let contents = try JaegerTrace.document(Array(Self.trace(span).utf8)).contents
        #expect(contents[0].resource == [Attribute("service.name", .string("own"))])
    }
}

extension JaegerTests {
    static let plain = #"{"traceID":"7","spanID":"2","processID":"p1","startTime":5,"duration":1}"#

    static func trace(_ spans: String...) -> String {
        #"{"spans":[\#(spans.joined(separator: ","))],"processes":{"p1":{"serviceName":"shop"}}}"#
    }

    static func span(_ members: String) throws -> SpanRecord {
        let text = trace(
            #"{"traceID":"7","spanID":"1","processID":"p1","startTime":5,\#(members)}"#)
        let document = try JaegerTrace.document(Array(text.utf8))
        return try #require(document.spans.first, "\(document.refused)")
    }

    /// As Jaeger's interface downloads one, with its processes behind the spans.
    static let trace = #"""
        {"traceID":"abcdef01234567","spans":[
          {"traceID":"abcdef01234567","spanID":"1","flags":3,"operationName":"buy","references":[],
           "startTime":1700000000000001,"duration":250,"processID":"p1","warnings":["clock skew"],
           "tags":[{"key":"span.kind","type":"string","value":"server"},
             {"key":"otel.library.name","type":"string","value":"library"},
             {"key":"w3c.tracestate","type":"string","value":"a=1"},
             {"key":"text","type":"string","value":"t"},{"key":"flag","type":"bool","value":true},
             {"key":"count","type":"int64","value":9007199254740993},
             {"key":"ratio","type":"float64","value":2},
             {"key":"bytes","type":"binary","value":"AQI="},
             {"key":"odd","type":"string","value":{"a":1}}],
           "logs":[{"timestamp":1700000000000002,"fields":[
               {"key":"event","type":"string","value":"retry"},
               {"key":"attempt","type":"int64","value":2}]},
             {"timestamp":1700000000000003,"fields":null}]},
          {"traceID":"abcdef01234567","spanID":"0000000000000002","operationName":"pay",
           "references":[{"refType":"CHILD_OF","traceID":"abcdef01234567","spanID":"1"},
             {"refType":"FOLLOWS_FROM","traceID":"abcdef01234567","spanID":"9"}],
           "startTime":1700000000000010,"duration":20,"processID":"p2","logs":[],
           "tags":[{"key":"error","type":"bool","value":true},
             {"key":"otel.status_code","type":"string","value":"ERROR"},
             {"key":"otel.status_description","type":"string","value":"declined"}]}],
         "processes":{"p1":{"serviceName":"shop","tags":[
             {"key":"hostname","type":"string","value":"alpha"},
             {"key":"ip","type":"string","value":"10.0.0.1"},
             {"key":"jaeger.version","type":"string","value":"Go-2.30"}]},
           "p2":{"serviceName":"bank","tags":[]}},"warnings":null}
        """#
}

import SpanLogFormat
import SpanLogImport
import Testing

/// What OTLP's JSON says, and what it does not.
@Suite struct OTLPJSONTests {
    @Test func `a whole span comes out as it is said`() throws {
        let span = try Self.span(
            """
            "traceState": "a=1", "parentSpanId": "0102030405060708", "name": "caf\\u00e9 \\ud83d\\ude00",
            "kind": 3, "flags": 257, "droppedAttributesCount": 2,
            "attributes": [
                {"key": "text", "value": {"stringValue": "é\\n"}},
                {"key": "flag", "value": {"boolValue": false}},
                {"key": "count", "value": {"intValue": "-9223372036854775808"}},
                {"key": "ratio", "value": {"doubleValue": 0.5}},
                {"key": "bytes", "value": {"bytesValue": "AP8="}},
                {"key": "list", "value": {"arrayValue": {"values": [{"intValue": 1}, {}]}}},
                {"key": "map", "value": {"kvlistValue": {"values": [
                    {"key": "inner", "value": {"stringValue": ""}}]}}},
                {"key": "none"}
            ],
            "events": [{"timeUnixNano": "7", "name": "e", "attributes": [], "droppedAttributesCount": 1}],
            "droppedEventsCount": "3",
            "links": [{"traceId": "\(Self.traceID)", "spanId": "00000000000000ff", "traceState": "b=2",
                "attributes": [{"key": "k", "value": {"intValue": 1}}], "flags": 1}],
            "status": {"code": 2, "message": "no"}
            """)
        var expected = Self.plain
        expected.traceState = "a=1"
        expected.parentSpanID = SpanID(0x0102_0304_0506_0708)
        expected.name = "café 😀"
        expected.kind = .client
        expected.flags = 257
        expected.droppedAttributesCount = 2
        expected.attributes = [
            Attribute("text", .string("é\n")), Attribute("flag", .bool(false)),
            Attribute("count", .int(.min)), Attribute("ratio", .double(0.5)),
            Attribute("bytes", .bytes([0, 255])), Attribute("list", .array([.int(1), .empty])),
            Attribute("map", .map([Attribute("inner", .string(""))])), Attribute("none", .empty),
        ]
        expected.events = [
            SpanRecord.Event(name: "e", nanoseconds: 7, droppedAttributesCount: 1)
        ]
        expected.droppedEventsCount = 3
        expected.links = [
            SpanRecord.Link(
                traceID: expected.traceID, spanID: SpanID(255), traceState: "b=2",
                attributes: [Attribute("k", .int(1))], flags: 1)
        ]
        expected.status = SpanRecord.Status(code: .error, message: "no")
        #expect(span == expected)
    }

    @Test(arguments: [
        (#""kind": "SPAN_KIND_SERVER""#, #""kind": 2"#),
        (#""kind": "2""#, #""kind": 2"#),
        (#""kind": 2.0"#, #""kind": 2"#),
        (#""status": {"code": "STATUS_CODE_ERROR"}"#, #""status": {"code": 2}"#),
        (#""parent_span_id": "0102030405060708""#, #""parentSpanId": "0102030405060708""#),
        (#""parentSpanId": "AQIDBAUGBwg=""#, #""parentSpanId": "0102030405060708""#),
        (#""parentSpanId": "AQIDBAUGBwg""#, #""parentSpanId": "0102030405060708""#),
        (#""parentSpanId": "ABCDEF0123456789""#, #""parentSpanId": "abcdef0123456789""#),
        (#""parentSpanId": "", "traceState": null, "attributes": null"#, #""flags": 0"#),
        (#""unknown": {"a": [1, {"b": null}]}, "n\u0061me": "x""#, #""name": "x""#),
        (#""droppedEventsCount": "7""#, #""droppedEventsCount": 7e0"#),
        (
            #""attributes": [{"key": "n", "value": {"doubleValue": "NaN"}}]"#,
            #""attributes": [{"value": {"doubleValue": NaN}, "key": "n"}]"#
        ),
        (
            #""attributes": [{"key": "n", "value": {"doubleValue": "-Infinity"}}]"#,
            #""attributes": [{"key": "n", "value": {"double_value": -Infinity}}]"#
        ),
        (
            #""attributes": [{"key": "n", "value": {"intValue": "12"}}]"#,
            #""attributes": [{"key": "n", "value": {"intValue": 1.2e1}}]"#
        ),
        (
            #""attributes": [{"key": "b", "value": {"bytesValue": "-_8="}}]"#,
            #""attributes": [{"key": "b", "value": {"bytesValue": "\u002b/8"}}]"#
        ),
        (#""status": {}, "name": "a", "kind": 1"#, #""kind": 1, "name": "a", "status": {}"#),
    ])
    func `different spellings give the same bytes`(one: String, other: String) throws {
        #expect(try Self.document(one).tracesData == Self.document(other).tracesData)
        #expect(try Self.document(one).spanCount == 1)
    }

    @Test(arguments: [
        (#""kind": "SPAN_KIND_UNKNOWN""#, "a number or name"), (#""kind": -1"#, "a number or name"),
        (#""name": 7"#, "expected a string"), (#""name": {}"#, "a plain value"),
        (#""parentSpanId": "0102""#, "16 hexadecimal digits"),
        (#""parentSpanId": "010203040506070g""#, "16 hexadecimal digits"),
        (#""flags": 4294967296"#, "2^32 - 1"), (#""flags": true"#, "2^32 - 1"),
        (#""droppedLinksCount": 1.5"#, "2^32 - 1"),
        (#""startTimeUnixNano": "-1""#, "2^64 - 1"), (#""startTimeUnixNano": "1x""#, "2^64 - 1"),
        (#""startTimeUnixNano": "18446744073709551616""#, "2^64 - 1"),
        (#""attributes": {}"#, "expected an array"), (#""attributes": [3]"#, "expected an object"),
        (#""attributes": [{"key": "a", "value": {"intValue": "1.5"}}]"#, "an integer of 64 bits"),
        (#""attributes": [{"key": "a", "value": {"boolValue": "true"}}]"#, "true or false"),
        (#""attributes": [{"key": "a", "value": {"boolValue": NaN}}]"#, "true or false"),
        (#""attributes": [{"key": "a", "value": {"bytesValue": "A"}}]"#, "base64"),
        (#""attributes": [{"key": "a", "value": {"bytesValue": "AA=A"}}]"#, "base64"),
        (#""attributes": [{"key": "a", "value": {"doubleValue": "0x1"}}]"#, "expected a number"),
        (#""attributes": [{"key": "a", "value": {"doubleValue": "inf"}}]"#, "expected a number"),
        (#""events": [{"timeUnixNano": []}]"#, "a plain value"),
        (#""attributes": [{"key": "a", "value": \#(nested(100))}]"#, "deeper than 100 levels"),
    ])
    func `a span that OTLP does not know is left out by name`(
        members: String, reason: String
    ) throws {
        let text = Self.text(
            members, and: #"{"traceId": "\#(Self.traceID)", "spanId": "00000000000000aa"}"#)
        let document = try OTLPJSON.document(Array(text.utf8))
        #expect(document.spanCount == 1)
        #expect(document.refusedCount == 1)
        #expect(document.refused.first?.reason.contains(reason) == true, "\(document.refused)")
        var spans: [SpanRecord] = []
        try TracesData.forEachSpan(in: document.tracesData) {
            spans.append(try SpanRecord(decoding: document.tracesData, $0.span))
        }
        #expect(spans.map(\.spanID) == [SpanID(0xaa)])
    }

    @Test(arguments: [
        "", " ", "{", "[]", "7", "nonsense", #"{"resourceSpans": [}"#, #"{"resourceSpans": [{]}"#,
        #"{"resourceSpans": {}}"#, #"{"resourceSpans": [7]}"#, #"{"a": 1,}"#, #"{"a" 1}"#,
        #"{"resourceSpans": []} {}"#, #"{"resourceSpans": []}x"#, #"{"resourceSpans": [,]}"#,
        #"{"a": "\x"}"#, "{\"a\": \"\n\"}",
        #"{"resourceSpans": [{"scopeSpans": [{"spans": [{,}]}]}]}"#,
        #"{"resourceSpans": [{"resource": {"attributes": [{"key": 1}]}}]}"#,
    ])
    func `what is no document of OTLP is refused`(text: String) {
        #expect(throws: OTLPJSON.Refusal.self) { try OTLPJSON.document(Array(text.utf8)) }
    }

    @Test func `what is no document of traces holds none`() throws {
        for text in ["{}", #"{"resourceLogs": [{"a": 1}]}"#, #" {"resourceSpans": null} "#] {
            let document = try OTLPJSON.document(Array(text.utf8))
            #expect(document.spanCount == 0 && document.tracesData.isEmpty)
        }
    }

    @Test func `values nest to the limit of stores`() throws {
        let span = try Self.span(#""attributes": [{"key": "a", "value": \#(nested(99))}]"#)
        var depth = 1
        var value = try #require(span.attributes.first?.value)
        while case .array(let values) = value, let inner = values.first {
            value = inner
            depth += 1
        }
        #expect(depth == SpanRecord.nestingMax)
    }

    @Test func `names of an older OTLP are known`() throws {
        let text = Self.text("")
            .replacing("scopeSpans", with: "instrumentationLibrarySpans")
            .replacing("\"scope\"", with: "\"instrumentationLibrary\"")
        #expect(
            try OTLPJSON.document(Array(text.utf8)).tracesData == Self.document("").tracesData)
    }

    @Test func `halves of surrogates and bytes that are no UTF-8 are replaced`() throws {
        let span = try Self.span(#""name": "a\ud800b\udc00""#)
        #expect(span.name == "a\u{FFFD}b\u{FFFD}")
        let text = Array(Self.text(#""name": "#).utf8)
        let place = try #require(text.lastIndex(of: UInt8(ascii: ":")))
        let broken = text[...place] + [34, 0x61, 0xFF, 34] + text[(place + 1)...]
        let document = try OTLPJSON.document(Array(broken))
        #expect(try Self.spans(document).map(\.name) == ["a\u{FFFD}"])
    }
}

extension OTLPJSONTests {
    static let traceID = "0102030405060708090a0b0c0d0e0f10"

    static var plain: SpanRecord {
        SpanRecord(
            traceID: TraceID(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10),
            spanID: SpanID(0x1122_3344_5566_7788), name: "", startNanoseconds: 1_000,
            endNanoseconds: 2_000)
    }

    /// A document with one span of these members, and further spans.
    static func text(_ members: String, and spans: String...) -> String {
        let own = [
            #""traceId": "\#(traceID)""#, #""spanId": "1122334455667788""#,
            #""startTimeUnixNano": "1000""#, #""endTimeUnixNano": 2000"#,
        ]
        let span = "{\((own + (members.isEmpty ? [] : [members])).joined(separator: ", "))}"
        let all = ([span] + spans).joined(separator: ", ")
        return """
            {"resourceSpans": [{"resource": {"attributes": [
                {"key": "service.name", "value": {"stringValue": "shop"}}]},
              "scopeSpans": [{"scope": {"name": "library", "version": "1"}, "spans": [\(all)]}]}]}
            """
    }

    static func document(_ members: String) throws -> OTLPJSON.Document {
        try OTLPJSON.document(Array(text(members).utf8))
    }

    static func span(_ members: String) throws -> SpanRecord {
        try #require(try spans(document(members)).first)
    }

    static func spans(_ document: OTLPJSON.Document) throws -> [SpanRecord] {
        var spans: [SpanRecord] = []
        try TracesData.forEachSpan(in: document.tracesData) {
            spans.append(try SpanRecord(decoding: document.tracesData, $0.span))
        }
        return spans
    }
}

/// A value within so many arrays.
private func nested(_ count: Int) -> String {
    String(repeating: #"{"arrayValue": {"values": ["#, count: count) + "{}"
        + String(repeating: "]}}", count: count)
}

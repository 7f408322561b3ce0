import SpanLog
import Testing

@Suite struct HeaderFieldsTests {
    @Test(arguments: ["traceparent", "Traceparent", "TraceParent", "TRACEPARENT", "tRaCePaReNt"])
    func `a header is found whatever the case of its name`(name: String) {
        #expect(HeaderFields.value(of: "traceparent", in: [name: "1"]) == "1")
        #expect(HeaderFields.value(of: "traceparent", in: [("host", "h"), (name, "1")]) == "1")
    }

    @Test(arguments: [
        "", "trace-parent", "trace.parent", "trace_parent", "traceparent ", " traceparent",
        "traceparen", "traceparents", "x-traceparent", "tracestate", "tr\u{430}ceparent",
    ])
    func `another name is another header`(name: String) {
        #expect(HeaderFields.value(of: "traceparent", in: [name: "1"]) == nil)
        #expect(HeaderFields.value(of: "traceparent", in: [(name, "1")]) == nil)
    }

    @Test func `a name is compared by its bytes`() {
        #expect(HeaderFields.value(of: "k", in: ["\u{212a}": "kelvin"]) == nil)
        #expect(HeaderFields.value(of: "baggage", in: ["b\u{61}\u{301}ggage": "1"]) == nil)
    }

    @Test func `no fields hold no header`() {
        #expect(HeaderFields.value(of: "baggage", in: [:]) == nil)
        #expect(HeaderFields.value(of: "baggage", in: [(String, String)]()) == nil)
    }

    @Test func `fields of one name are joined in order`() {
        let fields = [
            ("TraceState", "a=1,b=2"), ("host", "h"), ("tracestate", ""), ("TRACESTATE", "c=3"),
        ]
        #expect(HeaderFields.value(of: "tracestate", in: fields) == "a=1,b=2,,c=3")
    }

    @Test func `fields of a dictionary are joined in the same order each time`() {
        for _ in 0..<20 {
            var fields: [String: String] = [:]
            for name in ["tracestate", "TRACESTATE", "Tracestate"].shuffled() {
                fields[name] = name
            }
            #expect(
                HeaderFields.value(of: "tracestate", in: fields)
                    == "TRACESTATE,Tracestate,tracestate")
        }
    }

    @Test(arguments: ["00", "cc"])
    func `a second traceparent invalidates the first`(version: String) throws {
        let header = "\(version)-8f3c1d0a5be742969d10ac44e7b2905c-61c7a2f09b34d85e-01"
        for other in [header, "", "00"] {
            for fields in [[("a", header), ("A", other)], [("a", other), ("A", header)]] {
                let joined = try #require(HeaderFields.value(of: "a", in: fields))
                #expect(TraceParent(parsing: joined) == nil)
            }
        }
    }
}

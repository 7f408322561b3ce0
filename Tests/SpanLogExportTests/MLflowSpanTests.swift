import SpanLogFormat
import SpanLogMerge
import Testing

@testable import SpanLogExport

@Suite struct MLflowSpanTests {
    @Test func `service, host, process and kind become attributes`() {
        let trace = Sample.trace(
            Sample.span(1), Sample.span(2, parent: 1) { $0.kind = .client },
            Sample.span(3, parent: 2, recorder: 2) { $0.kind = .unspecified })
        let spans = (0..<3).map { Sample.exported(trace, at: $0) }
        #expect(spans.map { $0.text("service.name") } == ["service 1", "service 1", "service 2"])
        #expect(spans.map { $0.text("host.name") } == ["host", "host", "host"])
        #expect(spans.map { $0.value("process.pid") } == [.int(1), .int(1), .int(2)])
        #expect(spans.map { $0.text("span.kind") } == ["INTERNAL", "CLIENT", nil])
        // The rest of the resource stands where the trace entered the process.
        #expect(spans.map { $0.text("service.version") } == ["1.2", nil, "1.2"])
        #expect(spans.allSatisfy { $0.value("telemetry.sdk.name") == nil })
    }

    @Test func `a service's own attribute is not overwritten`() {
        let own = [
            Attribute("service.name", .string("mine")), Attribute("span.kind", .int(7)),
            Attribute("mlflow.spanType", .string("TOOL")),
        ]
        let span = Sample.exported(Sample.trace(Sample.span(1) { $0.attributes = own }))
        for attribute in own {
            #expect(span.attributes.filter { $0.key == attribute.key } == [attribute])
        }
    }

    @Test func `how clocks were corrected stands on every span of a trace that it matters to`() {
        let trace = Sample.trace(
            Sample.span(1, clock: Sample.clock(.reference, bound: 0)),
            Sample.span(2, parent: 1, clock: Sample.clock(.bounded, offset: -7, bound: 3)),
            Sample.span(3, parent: 1, clock: Sample.clock(.wallOnly)))
        let spans = (0..<3).map { Sample.exported(trace, at: $0) }
        #expect(
            spans.map { $0.text("clock.method") } == ["reference", "bounded", "wall only"])
        #expect(spans.map { $0.value("clock.offset_ns") } == [.int(0), .int(-7), .int(0)])
        // What nobody knows must not look like nothing.
        #expect(spans.map { $0.value("clock.bound_ns") } == [.int(0), .int(3), nil])
    }

    @Test func `one clock's traces, and raw times, say nothing of clocks`() {
        for clock in [Sample.clock(.reference, bound: 0), nil] {
            let span = Sample.exported(Sample.trace(Sample.span(1, clock: clock)))
            #expect(!span.attributes.contains { $0.key.hasPrefix("clock.") })
        }
    }

    @Test func `a sign of life is corrected like the span that it ends`() {
        let clock = Sample.clock(.bounded, offset: -1_000_000_000, bound: 3)
        let trace = Sample.trace(
            Sample.span(1, clock: clock) {
                $0.endNanoseconds = 0
                let seen = Int64($0.startNanoseconds) + 1_000_000_500
                $0.attributes = [Attribute("spanlog.last_seen_unix_nano", .int(seen))]
            })
        #expect(Sample.exported(trace).endNanoseconds == Sample.start + 500)
    }

    @Test func `every span has a type`() {
        #expect(Sample.exported(Sample.trace(Sample.span(1))).text("mlflow.spanType") == "UNKNOWN")
    }

    @Test(arguments: [
        (SpanRecord.Status(), SpanRecord.Status(code: .ok)),
        (.init(code: .unset, message: "note"), .init(code: .ok)),
        (.init(code: .ok), .init(code: .ok)),
        (.init(code: .error, message: "boom"), .init(code: .error, message: "boom")),
    ])
    func `a span that ended without an error is a success`(
        recorded: SpanRecord.Status, exported: SpanRecord.Status
    ) {
        let trace = Sample.trace(Sample.span(1) { $0.status = recorded })
        #expect(Sample.exported(trace).status == exported)
    }

    @Test func `an unfinished span ends with its recorder's last sign of life, as an error`() {
        let trace = Sample.trace(
            Sample.span(1) { $0.endNanoseconds = 0 },
            Sample.span(2, parent: 1) { $0.endNanoseconds += 5 },
            Sample.span(3, parent: 2, recorder: 2) { $0.endNanoseconds += 1000 },
            Sample.span(4, parent: 3, recorder: 3) {
                $0.endNanoseconds = 0
                $0.events = [.init(name: "late", nanoseconds: Sample.start + 77)]
                $0.status = .init(code: .error, message: "own")
            })
        let spans = (0..<4).map { Sample.exported(trace, at: $0) }
        #expect(
            spans.map { $0.endNanoseconds - Sample.start } == [1_000_005, 1_000_005, 1_001_000, 77])
        #expect(spans.map(\.status.code) == [.error, .ok, .ok, .error])
        #expect(spans[0].status.message.contains("never ended"))
        #expect(spans[3].status.message == "own")
        #expect(
            spans.map { $0.value("spanlog.unfinished") } == [.bool(true), nil, nil, .bool(true)])
    }

    @Test(arguments: [
        (UInt64(0), UInt64.max, UInt64(1), UInt64(Int64.max)), (5, 4, 5, 5), (7, 7, 7, 7),
        (.max, .max, UInt64(Int64.max), UInt64(Int64.max)),
    ])
    func `times fit into MLflow's database`(
        start: UInt64, end: UInt64, exportedStart: UInt64, exportedEnd: UInt64
    ) {
        let trace = Sample.trace(
            Sample.span(1) {
                $0.startNanoseconds = start
                $0.endNanoseconds = end
                $0.events = [.init(name: "e", nanoseconds: end)]
            })
        let span = Sample.exported(trace)
        #expect(span.startNanoseconds == exportedStart)
        #expect(span.endNanoseconds == exportedEnd)
        #expect(span.events[0].nanoseconds <= UInt64(Int64.max))
    }

    @Test func `tags of the trace move to its root, the last ones said win`() {
        let trace = Sample.trace(
            Sample.span(1) { $0.attributes = [.tag("a", "old"), .tag("b", "kept")] },
            Sample.span(2, parent: 1, recorder: 2) {
                $0.attributes = [
                    .tag("a", "new"), .tag("json", "[1]"), .tag("mlflow.traceName", "name"),
                    .tag("mlflow.trace.spansLocation", "EVIL"),
                    .tag("mlflow.artifactLocation", "EVIL"),
                ]
            })
        let tags = Sample.exported(trace).attributes.filter { $0.key.hasPrefix("mlflow.traceTag.") }
        #expect(
            tags == [
                .tag("a", "new"), .tag("b", "kept"), .tag("json", "\"[1]\""),
                .tag("mlflow.traceName", "name"),
            ])
        let child = Sample.exported(trace, at: 1)
        #expect(!child.attributes.contains { $0.key.hasPrefix("mlflow.traceTag.") })
    }

    @Test func `sessions that would make the server refuse everything are cut`() {
        let long = String(repeating: "ü", count: 300)
        let trace = Sample.trace(
            Sample.span(1) {
                $0.attributes = [
                    Attribute("session.id", .string(long)),
                    Attribute("gen_ai.conversation.id", .map([Attribute("a", .int(1))])),
                    Attribute("user.id", .int(17)),
                    .tag("mlflow.traceName", String(repeating: "n", count: 5000)),
                ]
            })
        let span = Sample.exported(trace)
        #expect(span.text("session.id") == String(repeating: "ü", count: 250))
        #expect(span.text("gen_ai.conversation.id") == "\"{\\\"a\\\": 1}\"")
        #expect(span.text("user.id") == "17")
        #expect(span.text("mlflow.traceTag.mlflow.traceName")?.count == 4096)
    }

    @Test func `no column of the database gets a zero, which PostgreSQL does not take`() {
        let trace = Sample.trace(
            Sample.span(1) {
                $0.name = "a\0"
                $0.attributes = [
                    Attribute("mlflow.spanInputs", .string("\"b\\u0000 \\\\u0000\"")),
                    Attribute("mlflow.spanOutputs", .string("c\0")),
                    Attribute("mlflow.spanType", .string("d\0")),
                    Attribute("session.id", .string("e\0")),
                    Attribute("mlflow.llm.model", .string("f\0")),
                    Attribute("gen_ai.request.model", .string("g\0")),
                    Attribute("llm.model_name", .array([.string("g\0")])),
                    Attribute("own", .string("g\0")),
                    .tag("h\0", "i\0"),
                ]
            },
            Sample.span(2, parent: 1) {
                $0.attributes = [Attribute("mlflow.spanInputs", .string("j\0"))]
            },
            Sample.span(3, parent: 1) {
                $0.attributes = [
                    Attribute("mlflow.spanOutputs", .string(#"{"model":"k\u0000"}"#))
                ]
            })
        let root = Sample.exported(trace)
        #expect(root.name == "a\u{FFFD}")
        #expect(root.text("mlflow.spanInputs") == "\"b\\ufffd \\\\u0000\"")
        #expect(root.text("mlflow.spanOutputs") == "c\u{FFFD}")
        #expect(root.text("mlflow.spanType") == "d\u{FFFD}")
        #expect(root.text("session.id") == "e\u{FFFD}")
        #expect(root.text("mlflow.llm.model") == "f\u{FFFD}")
        #expect(root.text("gen_ai.request.model") == "g\u{FFFD}")
        #expect(root.text("llm.model_name") == #"["g\ufffd"]"#)
        #expect(root.text("own") == "g\0")
        #expect(root.text("mlflow.traceTag.h\u{FFFD}") == "i\u{FFFD}")
        // The inputs of others are in no column, unless they name a model.
        #expect(Sample.exported(trace, at: 1).text("mlflow.spanInputs") == "j\0")
        let outputs = Sample.exported(trace, at: 2).text("mlflow.spanOutputs")
        #expect(outputs == #"{"model":"k\ufffd"}"#)
    }

    @Test func `what a limit kept out is counted`() {
        let trace = Sample.trace(
            Sample.span(1) {
                $0.droppedAttributesCount = 1
                $0.droppedLinksCount = 3
            })
        let span = Sample.exported(trace)
        #expect(span.value("otel.dropped_attributes_count") == .int(1))
        #expect(span.value("otel.dropped_events_count") == nil)
        #expect(span.value("otel.dropped_links_count") == .int(3))
    }

    @Test(arguments: [
        ("abc", 3, "abc"), ("abcd", 3, "abc"), ("üüüü", 3, "üüü"),
        ("e\u{301}e\u{301}", 3, "e\u{301}"),
        ("", 3, ""), ("ab😀cd", 3, "ab😀"),
    ])
    func `text is cut between characters`(text: String, scalarMax: Int, cut: String) {
        #expect(text.truncated(scalarMax) == cut)
    }
}

extension SpanRecord {
    fileprivate func value(_ key: String) -> AttributeValue? { attributes.value(for: key) }
    fileprivate func text(_ key: String) -> String? { attributes.text(for: key) }
}

extension Attribute {
    static func tag(_ key: String, _ value: String) -> Attribute {
        Attribute("mlflow.traceTag.\(key)", .string(value))
    }
}

import SpanLog
import SpanLogFormat
import Testing

@Suite struct TracerTests {
    @Test func `a root starts a sampled trace with a random id, and its child continues it`()
        async throws
    {
        let recording = try await Recording { tracer in
            tracer.withSpan("root") { _ in tracer.withSpan("child") { _ in } }
        }
        let (root, child) = (try #require(recording["root"]), try #require(recording["child"]))
        #expect(root.parentSpanID == nil)
        #expect(child.parentSpanID == root.spanID)
        #expect(child.traceID == root.traceID)
        #expect(root.flags == 0b01_0000_0011)
        #expect(root.isParentRemote == false)
    }

    @Test(arguments: [
        (SpanKind.internal, SpanRecord.Kind.internal), (.server, .server), (.client, .client),
        (.producer, .producer), (.consumer, .consumer),
    ])
    func `every kind is recorded`(kind: SpanKind, recorded: SpanRecord.Kind) async throws {
        let recording = try await Recording { $0.startSpan("span", ofKind: kind).end() }
        #expect(recording["span"]?.kind == recorded)
    }

    @Test func `attributes of every type are recorded, and the last value of a key wins`()
        async throws
    {
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { span in
                span.attributes["string"] = "ä\u{1F389}"
                span.attributes["empty"] = ""
                span.attributes["int"] = Int.min
                span.attributes["int32"] = Int32.max
                span.attributes["double"] = -0.5
                span.attributes["bool"] = true
                span.attributes["strings"] = ["a", ""]
                span.attributes["ints"] = [Int64.max, -1]
                span.attributes["int32s"] = [Int32(1)]
                span.attributes["doubles"] = [Double.infinity]
                span.attributes["bools"] = [true, false]
                span.attributes.set("other", value: .stringConvertible(TestError(description: "e")))
                span.attributes.set(
                    "others", value: .stringConvertibleArray([TestError(description: "f")]))
                span.attributes["again"] = 1
                span.attributes["again"] = "two"
                span.attributes["gone"] = 1
                span.attributes["gone"] = String?.none
            }
        }
        let attributes = Dictionary(
            uniqueKeysWithValues: try #require(recording["span"]).attributes.map {
                ($0.key, $0.value)
            })
        let expected: [String: AttributeValue] = [
            "string": .string("ä\u{1F389}"), "empty": .string(""), "int": .int(.min),
            "int32": .int(2_147_483_647), "double": .double(-0.5), "bool": .bool(true),
            "strings": .array([.string("a"), .string("")]),
            "ints": .array([.int(.max), .int(-1)]), "int32s": .array([.int(1)]),
            "doubles": .array([.double(.infinity)]),
            "bools": .array([.bool(true), .bool(false)]), "other": .string("e"),
            "others": .array([.string("f")]), "again": .string("two"),
        ]
        #expect(attributes == expected)
    }

    @Test func `events are recorded with their times and attributes`() async throws {
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { span in
                let instant = DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: 17)
                span.addEvent(SpanEvent(name: "first", at: instant, attributes: ["n": 1]))
                span.addEvent("second")
            }
        }
        let events = try #require(recording["span"]).events
        #expect(events.map(\.name) == ["first", "second"])
        #expect(events[0].nanoseconds == 17)
        #expect(events[0].attributes == [Attribute("n", .int(1))])
    }

    @Test func `links are recorded with their attributes, and those to nothing are ignored`()
        async throws
    {
        let recording = try await Recording { tracer in
            let other = tracer.startSpan("other", context: .topLevel)
            other.end()
            tracer.withSpan("span", context: .topLevel) { span in
                span.addLink(SpanLink(context: other.context, attributes: ["why": "batch"]))
                span.addLink(SpanLink(context: .topLevel, attributes: [:]))
            }
        }
        let (other, span) = (try #require(recording["other"]), try #require(recording["span"]))
        #expect(span.links.map(\.spanID) == [other.spanID])
        #expect(span.links.map(\.traceID) == [other.traceID])
        #expect(span.links[0].attributes == [Attribute("why", .string("batch"))])
        #expect(span.traceID != other.traceID)
    }

    private enum Private {
        struct Fault: Error {}
    }

    @Test func `a private error has the same name in every process`() async throws {
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { $0.recordError(Private.Fault()) }
        }
        let event = try #require(recording["span"]?.events.first)
        let name = "SpanLogTests.TracerTests.Private.Fault"
        #expect(event.attributes.text(for: "exception.type") == name)
    }

    @Test func `an error is an exception event, and fails the span with its message`()
        async throws
    {
        let recording = try await Recording { tracer in
            try? tracer.withSpan("span") { _ in throw TestError(description: "no paper") }
        }
        let span = try #require(recording["span"])
        #expect(span.status.code == .error)
        #expect(span.status.message == "SpanLogTests.TestError: no paper")
        let event = try #require(span.events.first)
        #expect(event.name == "exception")
        #expect(event.attributes.text(for: "exception.type") == "SpanLogTests.TestError")
        #expect(event.attributes.text(for: "exception.message") == "no paper")
    }

    @Test func `a status that is ok is final, and an error keeps the message it has`()
        async throws
    {
        let recording = try await Recording { tracer in
            tracer.withSpan("ok") { span in
                span.setStatus(SpanStatus(code: .ok))
                span.setStatus(SpanStatus(code: .error, message: "late"))
            }
            try? tracer.withSpan("error") { span in
                span.setStatus(SpanStatus(code: .error, message: "what really happened"))
                throw TestError(description: "consequence")
            }
        }
        #expect(recording["ok"]?.status == .init(code: .ok))
        #expect(recording["error"]?.status == .init(code: .error, message: "what really happened"))
    }

    @Test func `an error that is recorded after the status gives it its message`() async throws {
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { span in
                span.setStatus(SpanStatus(code: .error))
                span.recordError(TestError(description: "no paper"))
            }
        }
        #expect(recording["span"]?.status.message == "SpanLogTests.TestError: no paper")
    }

    @Test func `a span can be renamed until it ends`() async throws {
        let recording = try await Recording { tracer in
            let span = tracer.startSpan("before")
            span.operationName = "after"
            span.end()
            span.operationName = "too late"
            #expect(span.operationName == "after")
        }
        #expect(recording.spans.map(\.name) == ["after"])
    }

    @Test func `explicit instants are kept, and a span never ends before it starts`()
        async throws
    {
        func instant(_ nanoseconds: UInt64) -> DefaultTracerClock.Timestamp {
            DefaultTracerClock.Timestamp(nanosecondsSinceEpoch: nanoseconds)
        }
        let recording = try await Recording { tracer in
            tracer.startSpan("span", at: instant(1_000)).end(at: instant(5_000))
            tracer.startSpan("backwards", at: instant(1_000)).end(at: instant(10))
        }
        let span = try #require(recording["span"])
        #expect((span.startNanoseconds, span.endNanoseconds) == (1_000, 5_000))
        #expect(recording["backwards"]?.endNanoseconds == 1_000)
    }

    @Test func `ending from many threads records the span once`() async throws {
        let recording = try await Recording { tracer in
            let span = tracer.startSpan("span")
            await withTaskGroup { group in
                for _ in 0..<16 { group.addTask { span.end() } }
            }
            #expect(!span.isRecording)
        }
        #expect(recording.spans.count == 1)
    }

    @Test func `what threads change in one span at the same time is all there`() async throws {
        let recording = try await Recording { tracer in
            let span = tracer.startSpan("span")
            await withTaskGroup { group in
                for thread in 0..<8 {
                    group.addTask {
                        for number in 0..<200 {
                            span.setAttribute("\(thread)/\(number)", number)
                            span.addEvent(SpanEvent(name: "event"))
                        }
                    }
                }
            }
            span.end()
        }
        let span = try #require(recording["span"])
        #expect(Set(span.attributes.map(\.key)).count == 8 * 200)
        #expect(span.events.count == 8 * 200)
    }

    @Test func `what threads change while a span ends is whole or not there`() async throws {
        let recording = try await Recording { tracer in
            for _ in 0..<200 {
                let span = tracer.startSpan("span")
                await withTaskGroup { group in
                    for thread in 0..<4 {
                        group.addTask { span.setAttribute("key \(thread)", "value") }
                    }
                    group.addTask { span.end() }
                }
                #expect(span.operationName == "span")
            }
        }
        #expect(recording.spans.count == 200)
        let values = recording.spans.flatMap(\.attributes).map(\.value)
        #expect(values.allSatisfy { $0 == .string("value") })
    }

    @Test func `the span of a context is the one that made it, even once it has ended`()
        async throws
    {
        _ = try await Recording { tracer in
            let span = tracer.startSpan("span", context: .topLevel)
            #expect(tracer.activeSpan(identifiedBy: span.context) === span)
            span.end()
            #expect(tracer.activeSpan(identifiedBy: span.context) === span)
            #expect(tracer.activeSpan(identifiedBy: .topLevel) == nil)
        }
    }

    @Test func `a span that has ended no longer holds the spans above it`() async throws {
        weak var first: ActiveSpan?
        _ = try await Recording { tracer in
            var last = tracer.startSpan("first", context: .topLevel)
            first = last
            for _ in 0..<3 {
                let next = tracer.startSpan("next", context: last.context)
                last.end()
                last = next
            }
            last.end()
            #expect(first == nil)
            #expect(last.context.spanIdentity == last.identity)
        }
    }

    @Test func `what the application keeps in the context reaches the spans below`() async throws {
        _ = try await Recording { tracer in
            var context = ServiceContext.topLevel
            context.baggage = ["tenant": "a"]
            tracer.withSpan("span", context: context) { span in
                #expect(span.context.baggage?["tenant"] == "a")
                #expect(ServiceContext.current?.baggage?["tenant"] == "a")
            }
        }
    }

    @Test func `a span below one that is not sampled records nothing and passes that on`()
        async throws
    {
        let recording = try await Recording { tracer in
            let headers = [
                "traceparent": "00-\(String(repeating: "a", count: 32))-00000000000000ff-02"
            ]
            withTracingContext(fromHTTPRequestHeaders: headers) {
                tracer.withSpan("span") { span in
                    span.setInputs("ignored")
                    #expect(!span.isRecording)
                    let sent = tracingContextHeadersForHTTPRequest()["traceparent"]
                    #expect(sent?.hasSuffix("-\(span.identity.spanID)-02") == true)
                }
            }
        }
        #expect(recording.spans.isEmpty)
    }

    @Test func `parallel tests may each have a tracer of their own`() async throws {
        try await withThrowingTaskGroup { group in
            for number in 0..<8 {
                group.addTask {
                    let recording = try await Recording { tracer in
                        withTracer(tracer) { withSpan("span \(number)") { _ in } }
                    }
                    #expect(recording.spans.map(\.name) == ["span \(number)"])
                }
            }
            try await group.waitForAll()
        }
    }
}

extension TracerTests {
    @Test func `attributes set in every way come together, whoever sets them last`() async throws {
        let recording = try await Recording { tracer in
            let span = tracer.startSpan("span", context: .topLevel)
            span.setAttribute("one", 1)
            span.attributes["texts"] = ["a", "b"]
            span.setAttribute("two", 2)
            span.updateAttributes { attributes in
                #expect(attributes.count == 3)
                attributes["one"] = "new"
            }
            span.setAttribute("two", true)
            for number in 0..<20 { span.attributes["key \(number)"] = number }
            #expect(span.attributes.count == 23)
            #expect(span.attributes.get("texts") == .stringArray(["a", "b"]))
            span.end()
            #expect(span.attributes.isEmpty)
            span.updateAttributes { _ in Issue.record("an ended span is updated") }
        }
        let span = try #require(recording["span"])
        #expect(span.attributes.count == 23)
        #expect(Set(span.attributes.map(\.key)).count == 23)
        #expect(span.attributes.value(for: "one") == .string("new"))
        #expect(span.attributes.value(for: "two") == .bool(true))
        #expect(span.attributes.value(for: "texts") == .array([.string("a"), .string("b")]))
        #expect(span.attributes.value(for: "key 19") == .int(19))
    }

    @Test func `identifiers of threads that record at the same time do not repeat`() async throws {
        let recording = try await Recording { tracer in
            await withTaskGroup { group in
                for _ in 0..<8 {
                    group.addTask {
                        for _ in 0..<1000 { tracer.startSpan("span", context: .topLevel).end() }
                    }
                }
            }
        }
        #expect(recording.spans.count == 8000)
        #expect(Set(recording.spans.map(\.spanID)).count == 8000)
        #expect(Set(recording.spans.map(\.traceID)).count == 8000)
    }
}

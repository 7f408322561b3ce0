import SpanLogFormat
import SpanLogTestSupport
import SpanLogMerge
import Testing

/// Which facts a parent and its child on another host give: step 1 of the alignment.
@Suite struct ClockSpanTests {
    private static let client = ClockSpan(
        role: .client, startNanoseconds: 1_000, endNanoseconds: 2_000)
    private static let server = ClockSpan(
        role: .server, startNanoseconds: 51_100, endNanoseconds: 51_900)

    private static func changed(
        _ span: ClockSpan, _ change: (inout ClockSpan) -> Void
    ) -> ClockSpan {
        var span = span
        change(&span)
        return span
    }

    @Test func `a finished call tells of its request and of its response`() {
        #expect(Self.client.requested(Self.server))
        #expect(Self.client.answer(of: Self.server) == .ended)
    }

    @Test func `a remote parent of any kind tells that its child started after it`() {
        let parent = Self.changed(Self.client) { $0.role = .other }
        let child = Self.changed(Self.server) { $0.role = .other }
        #expect(parent.requested(child))
        #expect(parent.answer(of: child) == .none)
    }

    @Test func `a span that never ended is no response`() {
        let openClient = Self.changed(Self.client) { $0.endNanoseconds = 0 }
        let openServer = Self.changed(Self.server) { $0.endNanoseconds = 0 }
        #expect(openClient.requested(Self.server) && Self.client.requested(openServer))
        #expect(openClient.answer(of: Self.server) == .none)
        #expect(Self.client.answer(of: openServer) == .none)
    }

    @Test func `a server that took longer than its client did not answer it`() {
        let longer = Self.changed(Self.server) { $0.endNanoseconds = 52_101 }
        let equal = Self.changed(Self.server) { $0.endNanoseconds = 52_100 }
        #expect(Self.client.answer(of: longer) == .outlasted)
        #expect(Self.client.answer(of: equal) == .ended)
    }

    @Test func `a client that failed did not wait, a server that failed answered`() {
        let failedClient = Self.changed(Self.client) { $0.hasFailed = true }
        let failedServer = Self.changed(Self.server) { $0.hasFailed = true }
        #expect(failedClient.requested(Self.server))
        #expect(failedClient.answer(of: Self.server) == .none)
        #expect(Self.client.answer(of: failedServer) == .ended)
    }

    @Test func `the end of a stream is no message`() {
        let streamingClient = Self.changed(Self.client) { $0.isStreaming = true }
        let streamingServer = Self.changed(Self.server) { $0.isStreaming = true }
        #expect(streamingClient.answer(of: Self.server) == .none)
        #expect(Self.client.answer(of: streamingServer) == .none)
    }

    @Test func `a span without a start tells nothing`() {
        let unstarted = Self.changed(Self.server) { $0.startNanoseconds = 0 }
        #expect(!Self.client.requested(unstarted))
        #expect(Self.client.answer(of: unstarted) == .none)
    }

    private static func record(_ change: (inout SpanRecord) -> Void) -> ClockSpan {
        var record = SpanRecord(
            traceID: TraceID(high: 0, low: 1), spanID: SpanID(1), name: "call",
            startNanoseconds: 1, endNanoseconds: 2)
        change(&record)
        return ClockSpan(record)
    }

    @Test func `kinds and times of a record are taken over`() {
        let span = Self.record { $0.kind = .client }
        #expect(span == ClockSpan(role: .client, startNanoseconds: 1, endNanoseconds: 2))
        #expect(Self.record { $0.kind = .server }.role == .server)
        #expect(Self.record { $0.kind = .consumer }.role == .other)
    }

    @Test(arguments: [
        Attribute("error.type", .string("timeout")),
        Attribute("rpc.grpc.status_code", .int(1)),
        Attribute("rpc.grpc.status_code", .int(4)),
        Attribute("http.response.status_code", .int(504)),
        Attribute("http.status_code", .int(499)),
    ])
    func `an attribute that tells of a timeout or a cancellation is a failure`(_ told: Attribute) {
        #expect(Self.record { $0.attributes = [told] }.hasFailed)
    }

    @Test func `an error is a failure, an answer of another status is none`() {
        #expect(Self.record { $0.status.code = .error }.hasFailed)
        let found = Attribute("http.response.status_code", .int(404))
        #expect(!Self.record { $0.attributes = [found] }.hasFailed)
        #expect(
            !Self.record { $0.attributes = [Attribute("rpc.grpc.status_code", .int(0))] }.hasFailed)
    }

    @Test func `more than one message each way is a stream`() {
        let message = SpanRecord.Event(name: "message", nanoseconds: 1)
        #expect(!Self.record { $0.events = [message, message] }.isStreaming)
        #expect(Self.record { $0.events = [message, message, message] }.isStreaming)
    }

    @Test func `a span that is scanned says of its call what it says decoded`() throws {
        var random = RandomSpans(seed: 5)
        var generator = SeededGenerator(seed: 6)
        let told = [
            Attribute("error.type", .empty), Attribute("rpc.grpc.status_code", .int(4)),
            Attribute("rpc.grpc.status_code", .int(3)), Attribute("http.status_code", .int(408)),
            Attribute("rpc.grpc.status_code", .string("4")), Attribute("error.typE", .bool(true)),
            Attribute("http.response.status_code", .int(499)),
            Attribute("http.response.status_code", .int(-499)),
        ]
        var (failureCount, streamCount) = (0, 0)
        for _ in 0..<400 {
            var span = random.next()
            if generator.below(3) == 0 { span.attributes.append(generator.element(of: told)) }
            for _ in 0..<generator.below(5) {
                let name = generator.element(of: ["message", "rpc.message", "messages", ""])
                span.events.append(.init(name: name, nanoseconds: 1))
            }
            let bytes = span.encoded()
            let call = try ScannedSpan(scanning: bytes.span, 0..<bytes.count).call
            let decoded = ClockSpan(span)
            #expect((call.tellsFailure || span.status.code == .error) == decoded.hasFailed)
            #expect((call.messageCount > ClockSpan.messagesOfOneCall) == decoded.isStreaming)
            if call.tellsFailure { failureCount += 1 }
            if decoded.isStreaming { streamCount += 1 }
        }
        #expect(failureCount > 20 && streamCount > 20)
    }
}

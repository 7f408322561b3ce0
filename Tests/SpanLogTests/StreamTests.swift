import SpanLog
import SpanLogFormat
import Testing

@Suite struct StreamTests {
    /// Words, and then an end or an error, with a span of its own for each word.
    private struct Words: AsyncSequence, AsyncIteratorProtocol, Sendable {
        var words: [String]
        var error: TestError?
        let tracer: SpanLogTracer

        func makeAsyncIterator() -> Words { self }

        mutating func next() async throws -> String? {
            try Task.checkCancellation()
            tracer.withSpan("word") { _ in }
            if words.isEmpty, let error { throw error }
            return words.isEmpty ? nil : words.removeFirst()
        }
    }

    private func chunks(_ span: SpanRecord) -> [String] {
        span.events.filter { $0.name != "exception" }.enumerated().map { index, event in
            #expect(event.name == "mlflow.chunk.item.\(index)")
            return event.attributes.text(for: "mlflow.chunk.value") ?? ""
        }
    }

    @Test func `each chunk is an event, and the output what they are reduced to`() async throws {
        let recording = try await Recording { tracer in
            try await tracer.withSpan("root") { root in
                let stream = Words(words: ["a", "\"b\""], tracer: tracer)
                    .traced("stream", ofType: .chatModel, by: tracer, inputs: ["q": 1]) {
                        $0.joined()
                    }
                var read: [String] = []
                for try await word in stream { read.append(word) }
                #expect(read == ["a", "\"b\""])
                #expect(ActiveSpan.current === root)
            }
        }
        let (root, stream) = (
            try #require(recording["root"]), try #require(recording["stream"])
        )
        #expect(stream.parentSpanID == root.spanID)
        #expect(chunks(stream) == [#""a""#, #""\"b\"""#])
        #expect(stream.attributes.text(for: "mlflow.spanOutputs") == #""a\"b\"""#)
        #expect(stream.attributes.text(for: "mlflow.spanInputs") == #"{"q":1}"#)
        #expect(stream.attributes.text(for: "mlflow.spanType") == "CHAT_MODEL")
        #expect(stream.attributes.value(for: "spanlog.stream.end") == nil)
        // What the stream does to make its chunks happens inside of its span.
        let words = recording.spans.filter { $0.name == "word" }
        #expect(words.count == 3 && words.allSatisfy { $0.parentSpanID == stream.spanID })
    }

    @Test func `without a reducer the output is the list of chunks`() async throws {
        let recording = try await Recording { tracer in
            let stream = Words(words: ["a", "b"], tracer: tracer).traced("stream", by: tracer)
            for try await _ in stream {}
        }
        let attributes = try #require(recording["stream"]).attributes
        #expect(attributes.text(for: "mlflow.spanOutputs") == #"["a","b"]"#)
    }

    @Test func `a reducer that fails leaves the list and its reason`() async throws {
        let recording = try await Recording { tracer in
            let stream = Words(words: ["a"], tracer: tracer).traced("stream", by: tracer) {
                (_: [String]) throws -> String in throw TestError(description: "no sum")
            }
            for try await _ in stream {}
        }
        let attributes = try #require(recording["stream"]).attributes
        #expect(attributes.text(for: "mlflow.spanOutputs") == #"["a"]"#)
        #expect(attributes.text(for: "spanlog.outputs.reducer_error") == "no sum")
    }

    @Test func `an error is recorded and thrown on`() async throws {
        let error = TestError(description: "broken")
        let recording = try await Recording { tracer in
            let stream = Words(words: ["a"], error: error, tracer: tracer)
                .traced("stream", by: tracer)
            await #expect(throws: TestError.self) { for try await _ in stream {} }
        }
        let span = try #require(recording["stream"])
        #expect(span.status.code == .error && span.status.message.hasSuffix("broken"))
        #expect(span.events.map(\.name) == ["mlflow.chunk.item.0", "exception"])
        #expect(span.attributes.value(for: "mlflow.spanOutputs") == nil)
    }

    @Test func `who stops early leaves the output so far`() async throws {
        let recording = try await Recording { tracer in
            let stream = Words(words: ["a", "b", "c"], tracer: tracer).traced("stream", by: tracer)
            for try await word in stream where word == "b" { break }
        }
        let span = try #require(recording["stream"])
        #expect(span.attributes.text(for: "mlflow.spanOutputs") == #"["a","b"]"#)
        #expect(span.attributes.text(for: "spanlog.stream.end") == "abandoned")
        #expect(span.endNanoseconds > 0 && span.status.code == .unset)
    }

    @Test func `a cancelled stream that throws is an error, one that just ends says so`()
        async throws
    {
        let recording = try await Recording { tracer in
            let throwing = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                let stream = Words(words: ["a"], tracer: tracer).traced("throwing", by: tracer)
                for try await _ in stream {}
            }
            await #expect(throws: CancellationError.self) { try await throwing.value }
            await Task {
                let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
                continuation.yield(1)
                for await _ in stream.traced("ending", by: tracer) {
                    withUnsafeCurrentTask { $0?.cancel() }
                }
            }.value
        }
        let throwing = try #require(recording["throwing"])
        #expect(throwing.status.code == .error && throwing.events.first?.name == "exception")
        let ending = try #require(recording["ending"])
        #expect(ending.attributes.text(for: "spanlog.stream.end") == "cancelled")
        #expect(ending.attributes.text(for: "mlflow.spanOutputs") == "[1]")
    }

    @Test func `every iteration is a span, and none without a first element asked for`()
        async throws
    {
        let recording = try await Recording { tracer in
            let stream = Words(words: ["a"], tracer: tracer).traced("stream", by: tracer)
            for _ in 0..<2 { for try await _ in stream {} }
            _ = stream.makeAsyncIterator()
        }
        #expect(recording.spans.count { $0.name == "stream" } == 2)
    }
}

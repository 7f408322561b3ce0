import SpanLog
import SpanLogFormat
import Testing

@Suite struct MLflowVocabularyTests {
    @Test func `inputs and outputs are stored as JSON text`() async throws {
        struct Question: Encodable {
            let text: String
            let scores: [Double]
        }
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { span in
                span.setInputs(Question(text: "a/b \"c\" é", scores: [1, .nan]))
                span.setOutputs(5)
            }
        }
        let attributes = try #require(recording["span"]).attributes
        #expect(
            attributes.text(for: "mlflow.spanInputs")
                == #"{"scores":[1,"NaN"],"text":"a/b \"c\" é"}"#)
        #expect(attributes.text(for: "mlflow.spanOutputs") == "5")
    }

    @Test func `what cannot be encoded is recorded as its description, with the reason`()
        async throws
    {
        struct Unencodable: Encodable, CustomStringConvertible {
            let description = "the value"
            func encode(to encoder: any Encoder) throws { throw TestError(description: "refused") }
        }
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { $0.setInputs(Unencodable()) }
        }
        let attributes = try #require(recording["span"]).attributes
        #expect(attributes.text(for: "mlflow.spanInputs") == #""the value""#)
        #expect(attributes.text(for: "spanlog.inputs.encoding_error") == "refused")
    }

    @Test func `a span has the type that was set, and any string is one`() async throws {
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { span in
                #expect(span.spanType == .unknown)
                span.spanType = "SIMULATION"
                #expect(span.spanType == "SIMULATION")
            }
        }
        #expect(recording["span"]?.attributes.text(for: "mlflow.spanType") == "SIMULATION")
    }

    @Test func `the trace's name, tags, session and user can be said from any span`()
        async throws
    {
        let recording = try await Recording { tracer in
            tracer.withSpan("root") { _ in
                tracer.withSpan("deep") { span in
                    span.updateTrace(
                        name: "answer", tags: ["team": "x"], sessionID: "s1", userID: "ada")
                    span.updateTrace(sessionID: "s2")
                }
            }
        }
        let attributes = try #require(recording["deep"]).attributes
        #expect(attributes.text(for: "mlflow.traceTag.mlflow.traceName") == "answer")
        #expect(attributes.text(for: "mlflow.traceTag.team") == "x")
        #expect(attributes.text(for: "session.id") == "s2")
        #expect(attributes.text(for: "user.id") == "ada")
    }
}

// A call of a model, and what else is said of one span.
extension MLflowVocabularyTests {
    @Test func `a call of a model has everything that MLflow shows of one`() async throws {
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { span in
                span.setModel("gpt-4o", provider: "openai")
                span.setTokenUsage(
                    TokenUsage(inputTokens: 11, outputTokens: 7, cacheReadInputTokens: 5))
                span.setCost(ModelCost(input: 0.5, output: 0.25))
                span.setChatTools([["type": "function"]])
                span.setMessageFormat("openai")
                span.setDescription("asks")
                span.setLogLevel(.warning)
            }
        }
        let attributes = try #require(recording["span"]).attributes
        #expect(attributes.text(for: "mlflow.llm.model") == "gpt-4o")
        #expect(attributes.text(for: "mlflow.llm.provider") == "openai")
        #expect(
            attributes.text(for: "mlflow.chat.tokenUsage") == """
                {"cache_read_input_tokens":5,"input_tokens":11,"output_tokens":7,"total_tokens":18}
                """)
        #expect(
            attributes.text(for: "mlflow.llm.cost")
                == #"{"input_cost":0.5,"output_cost":0.25,"total_cost":0.75}"#)
        #expect(attributes.text(for: "mlflow.chat.tools") == #"[{"type":"function"}]"#)
        #expect(attributes.text(for: "mlflow.message.format") == "openai")
        #expect(attributes.text(for: "mlflow.spanDescription") == "asks")
        #expect(attributes.value(for: "mlflow.spanLogLevel") == .int(30))
    }

    @Test func `JSON is recorded as it is`() async throws {
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { span in
                span.setInputs(json: #"{"b": 1, "a": 1e400}"#)
                span.setOutputs(json: "no JSON")
            }
        }
        let attributes = try #require(recording["span"]).attributes
        #expect(attributes.text(for: "mlflow.spanInputs") == #"{"b": 1, "a": 1e400}"#)
        #expect(attributes.text(for: "mlflow.spanOutputs") == "no JSON")
    }

    @Test func `an exception of another language keeps its stack`() async throws {
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { span in
                span.recordException(
                    type: "ValueError", message: "no page", stackTrace: "File \"a.py\", line 1")
            }
        }
        let event = try #require(recording["span"]?.events.first)
        #expect(event.name == "exception")
        #expect(event.attributes.text(for: "exception.type") == "ValueError")
        #expect(event.attributes.text(for: "exception.message") == "no page")
        #expect(event.attributes.text(for: "exception.stacktrace") == "File \"a.py\", line 1")
    }

    @Test func `a span of another tracer takes the vocabulary, too`() {
        // Nothing is recorded here: what counts is that nothing else happens either.
        let span: any Span = NoOpTracer().startAnySpan("span", context: .topLevel)
        span.setInputs(["picture": Attachment(contentType: "image/png", bytes: [1])])
        span.setModel("gpt-4o", provider: "openai")
        span.updateTrace(name: "answer")
        span.logAssessment(.feedback("good", true), isAboutSpan: true)
        #expect(span.spanType == .unknown)
        #expect(!span.isRecording)
    }
}

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

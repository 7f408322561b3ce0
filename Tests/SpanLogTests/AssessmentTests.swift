import Foundation
import SpanLog
import SpanLogFormat
import Testing

@Suite struct AssessmentTests {
    private struct Stored: Decodable, Equatable {
        var kind = ""
        var name = ""
        var source: [String: String] = [:]
        var rationale: String?
        var metadata: [String: String]?
        var span_id: String?
        var error_code: String?
        var error_message: String?
    }

    private func stored(_ assessment: Assessment, _ span: SpanRecord?) throws -> Stored {
        let key = "spanlog.trace.assessment.\(assessment.id)"
        let text = try #require(span?.attributes.text(for: key))
        return try JSONDecoder().decode(Stored.self, from: Data(text.utf8))
    }

    @Test func `an assessment is recorded under its id, with who judged and why`() async throws {
        let good = Assessment.feedback(
            "good", 0.5, source: .human("bob"), rationale: "why", metadata: ["a": "b"])
        let answer = Assessment.expectation("answer", ["pages": [1, 2]])
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { span in
                span.logAssessment(good)
                span.logAssessment(answer, isAboutSpan: true)
            }
        }
        let span = try #require(recording["span"])
        #expect(
            try stored(good, span)
                == Stored(
                    kind: "feedback", name: "good", source: ["type": "HUMAN", "id": "bob"],
                    rationale: "why", metadata: ["a": "b"]))
        #expect(
            try stored(answer, span)
                == Stored(
                    kind: "expectation", name: "answer",
                    source: ["type": "HUMAN", "id": "default"], span_id: "\(span.spanID)"))
        let key = "spanlog.trace.assessment.\(answer.id)"
        #expect(span.attributes.text(for: key)?.hasSuffix(#","value":{"pages":[1,2]}}"#) == true)
    }

    @Test func `who could not judge says why`() async throws {
        let failed = Assessment.feedback(
            "good", error: AssessmentError(TestError(description: "no model")),
            source: .llmJudge("gpt-4o"))
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { $0.logAssessment(failed) }
        }
        let stored = try stored(failed, recording["span"])
        #expect(stored.error_code == "TestError" && stored.error_message == "no model")
        #expect(stored.source == ["type": "LLM_JUDGE", "id": "gpt-4o"])
    }

    @Test func `ids are MLflow's and never meet, and one may be said to be replaced`() {
        let ids = (0..<1000).map { _ in Assessment.feedback("a", 1).id }
        #expect(Set(ids).count == 1000)
        #expect(ids.allSatisfy { $0.wholeMatch(of: /a-[0-9a-f]{32}/) != nil })
        #expect(Assessment.feedback("a", 2, id: ids[0]).id == ids[0])
    }

    @Test func `feedback may come when the trace is over`() async throws {
        let late = Assessment.feedback("stars", 4)
        let recording = try await Recording { tracer in
            let span = tracer.startSpan("span", childOf: nil)
            span.end()
            let identity = span.identity
            tracer.logAssessment(late, onTrace: identity.traceID, spanID: identity.spanID)
        }
        let (span, note) = (
            try #require(recording["span"]), try #require(recording["spanlog.note"])
        )
        #expect(note.traceID == span.traceID && note.parentSpanID == span.spanID)
        #expect(try stored(late, note).span_id == "\(span.spanID)")
    }
}

internal import SpanLogFormat
public import Tracing

/// A judgement of a trace or of one of its spans: MLflow's *feedback* and *expectation*.
///
/// It has its id from the start, so however often it is recorded and exported, MLflow has it once.
/// Recording another one under the same id replaces it.
///
/// ```swift
/// span.logAssessment(.feedback("helpful", true, source: .human("bob"), rationale: "It worked."))
/// span.logAssessment(.expectation("answer", ["pages": 3]))
/// recorder.tracer.logAssessment(.feedback("stars", 4), onTrace: traceID)  // days later
/// ```
public struct Assessment: Hashable, Sendable {
    /// The id in MLflow: unique among all assessments of all traces.
    public let id: String
    /// What is judged.
    public let name: String
    /// Who judges.
    public let source: AssessmentSource
    /// Why.
    public let rationale: String?
    /// What else there is to say.
    public let metadata: [String: String]
    private let kind: Kind
    /// The value as JSON.
    private let value: String
    private let error: AssessmentError?

    private enum Kind: String { case feedback, expectation }

    /// How good something was: a number, a truth value, a text, or a list or dictionary of these.
    ///
    /// `id` is that of the assessment which this one replaces; without one it is new.
    public static func feedback(
        _ name: String = "feedback", _ value: some Encodable, source: AssessmentSource = .code(),
        rationale: String? = nil, metadata: [String: String] = [:], id: String? = nil
    ) -> Assessment {
        Assessment(
            id: id ?? newID(), name: name, source: source, rationale: rationale,
            metadata: metadata, kind: .feedback, value: json(value), error: nil)
    }

    /// That somebody could not judge.
    ///
    /// `id` is that of the assessment which this one replaces; without one it is new.
    public static func feedback(
        _ name: String = "feedback", error: AssessmentError, source: AssessmentSource = .code(),
        rationale: String? = nil, metadata: [String: String] = [:], id: String? = nil
    ) -> Assessment {
        Assessment(
            id: id ?? newID(), name: name, source: source, rationale: rationale,
            metadata: metadata, kind: .feedback, value: "null", error: error)
    }

    /// What would have been right.
    ///
    /// `id` is that of the assessment which this one replaces; without one it is new.
    public static func expectation(
        _ name: String, _ value: some Encodable, source: AssessmentSource = .human(),
        metadata: [String: String] = [:], id: String? = nil
    ) -> Assessment {
        Assessment(
            id: id ?? newID(), name: name, source: source, rationale: nil, metadata: metadata,
            kind: .expectation, value: json(value), error: nil)
    }

    private static func newID() -> String {
        var random = SystemRandomNumberGenerator()
        return "a-\(TraceID(high: random.next(), low: random.next()))"
    }

    private static func json(_ value: some Encodable) -> String {
        if let json = try? JSONText.encode(value) { return json }
        return (try? JSONText.encode(String(describing: value))) ?? "null"
    }
}

extension Assessment {
    /// The assessment as a store has it.
    ///
    /// - Parameter spanID: The span that is judged; `nil` for the trace.
    func json(_ spanID: SpanID?) -> String {
        let head = Head(
            kind: kind.rawValue, name: name, source: ["type": source.type, "id": source.id],
            rationale: rationale, metadata: metadata.isEmpty ? nil : metadata,
            spanID: spanID?.description, errorCode: error?.code, errorMessage: error?.message,
            errorStackTrace: error?.stackTrace)
        // Texts and dictionaries of texts can always be encoded.
        let text = (try? JSONText.encode(head)) ?? "{\"kind\":\"\"}"
        return "\(text.dropLast()),\"value\":\(value)}"
    }

    private struct Head: Encodable {
        let kind: String
        let name: String
        let source: [String: String]
        let rationale: String?
        let metadata: [String: String]?
        let spanID: String?
        let errorCode: String?
        let errorMessage: String?
        let errorStackTrace: String?

        enum CodingKeys: String, CodingKey {
            case kind, name, source, rationale, metadata
            case spanID = "span_id"
            case errorCode = "error_code"
            case errorMessage = "error_message"
            case errorStackTrace = "error_stack_trace"
        }
    }
}

extension Tracing.Span {
    /// Records a judgement of the trace as a whole, or of this span if `isAboutSpan` says so.
    public func logAssessment(_ assessment: Assessment, isAboutSpan: Bool = false) {
        guard isRecording else { return }
        let spanID = isAboutSpan ? context.spanIdentity?.spanID : nil
        say(
            assessment.json(spanID), for: AttributeKey.assessmentPrefix + assessment.id,
            at: DefaultTracerClock.now.nanosecondsSinceEpoch)
    }
}

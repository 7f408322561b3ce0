import FoundationEssentials
import SpanLogFormat

/// An assessment, as MLflow's REST API has it.
struct MLflowAssessment: Sendable {
    let id: String
    private let stored: Stored
    /// When it was made, in nanoseconds since 1970.
    private let nanoseconds: UInt64

    /// What a recorder stores: see FileFormat.
    private struct Stored: Decodable {
        let kind: String
        let name: String
        let source: Source
        let value: JSONValue?
        let rationale: String?
        let metadata: [String: String]?
        let spanId: String?
        let errorCode: String?
        let errorMessage: String?
        let errorStackTrace: String?

        struct Source: Decodable {
            let type: String
            let id: String
        }
    }

    /// - Returns: `nil` for something that no recorder writes.
    init?(id: String, _ statement: MLflowStatements.Statement) {
        guard case .string(let text) = statement.value, !id.isEmpty,
            // What nests deeper than values of MLflow may is not decoded.
            let json = JSONText(text), json.depth <= 2 * MLflowLimit.nesting,
            let stored = JSON.decoded(Stored.self, json.bytes),
            Self.kinds.contains(stored.kind), Self.sources.contains(stored.source.type)
        else { return nil }
        self.id = id.truncated(MLflowLimit.assessmentID)
        self.stored = stored
        nanoseconds = statement.nanoseconds
    }

    private static let kinds: Set = ["feedback", "expectation"]
    /// With any other one MLflow's client refuses to read the trace.
    private static let sources: Set = ["HUMAN", "CODE", "LLM_JUDGE"]
}

extension MLflowAssessment {
    /// The assessment in the body of StartTraceV3. The names, in snake case, are those of MLflow's REST
    /// API.
    struct Body: Encodable {
        let assessmentID: String
        let assessmentName: String
        let traceID: String
        let spanID: String?
        let source: Source
        let createTime: String
        let lastUpdateTime: String
        let feedback: Feedback?
        let expectation: Expectation?
        let rationale: String?
        let metadata: [String: String]?
        var valid = true

        struct Source: Encodable {
            let sourceType: String
            let sourceID: String
        }

        struct Feedback: Encodable {
            let value: JSONValue
            let error: Failure?
        }

        struct Failure: Encodable {
            let errorCode: String
            let errorMessage: String?
            let stackTrace: String?
        }

        struct Expectation: Encodable {
            var value: JSONValue?
            var serializedValue: Serialized?
        }

        struct Serialized: Encodable {
            var serializationFormat = "JSON_FORMAT"
            let value: String
        }
    }

    func body(of traceID: TraceID) throws -> Body {
        let time = MLflowTime.text(milliseconds: Int64(nanoseconds.clampedToMLflow / 1_000_000))
        let isFeedback = stored.kind == "feedback"
        return Body(
            assessmentID: id, assessmentName: stored.name.storable(MLflowLimit.assessmentName),
            traceID: traceID.mlflowID,
            spanID: stored.spanId.flatMap { SpanID(hexadecimal: $0) }?.description,
            source: .init(
                sourceType: stored.source.type,
                sourceID: stored.source.id.storable(MLflowLimit.assessmentName)),
            createTime: time, lastUpdateTime: time, feedback: isFeedback ? feedback : nil,
            expectation: isFeedback ? nil : try expectation,
            rationale: stored.rationale?.storable, metadata: stored.metadata?.mapValues(\.storable))
    }

    private var feedback: Body.Feedback {
        let failure = stored.errorCode.map {
            Body.Failure(
                errorCode: $0, errorMessage: stored.errorMessage?.storable,
                stackTrace: stored.errorStackTrace?.storable)
        }
        return Body.Feedback(value: stored.value ?? .null, error: failure)
    }

    /// A list or a dictionary stands there as text, a scalar as it is.
    private var expectation: Body.Expectation {
        get throws {
            let value = stored.value ?? .null
            switch value {
            case .array, .object, .null:
                let text = String(decoding: try JSON.encoded(value), as: UTF8.self)
                return .init(serializedValue: .init(value: text))
            default: return .init(value: value)
            }
        }
    }
}

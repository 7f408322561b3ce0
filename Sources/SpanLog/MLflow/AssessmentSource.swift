/// Who judges.
public struct AssessmentSource: Hashable, Sendable {
    let type: String
    let id: String

    /// A person.
    public static func human(_ id: String = "default") -> AssessmentSource {
        AssessmentSource(type: "HUMAN", id: id)
    }

    /// A program that goes by rules.
    public static func code(_ id: String = "default") -> AssessmentSource {
        AssessmentSource(type: "CODE", id: id)
    }

    /// A language model.
    public static func llmJudge(_ id: String = "default") -> AssessmentSource {
        AssessmentSource(type: "LLM_JUDGE", id: id)
    }
}

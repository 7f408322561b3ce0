/// What of an assessment on the server is to be replaced: the body of MLflow's call for that.
struct MLflowAssessmentUpdate: Encodable {
    let assessment: MLflowAssessment.Body
    /// The names of the fields, separated by commas.
    let updateMask: String

    /// - Parameters:
    ///   - stored: The assessment as the server has it.
    ///   - body: What it is to be.
    /// - Returns: `nil` if the server has it so. Its name, its source and its span stay what they are.
    init?(of stored: JSONValue, to body: MLflowAssessment.Body) {
        guard let wanted = try? JSON.encoded(body), case .object(let stored) = stored,
            let new = JSON.decoded([String: JSONValue].self, wanted)
        else { return nil }
        // MLflow's call leaves in place what the metadata do not mention.
        let fields = ["feedback", "expectation", "rationale", "metadata"].filter { field in
            new[field].map { !$0.isWithin(stored[field]) } ?? false
        }
        guard !fields.isEmpty else { return nil }
        assessment = body
        updateMask = fields.joined(separator: ",")
    }
}

extension JSONValue {
    /// Whether another value says all that this one says, and perhaps more in the members of objects.
    fileprivate func isWithin(_ other: JSONValue?) -> Bool {
        switch (self, other) {
        case (.object(let members), .object(let others)):
            members.allSatisfy { $0.value.isWithin(others[$0.key]) }
        case (.array(let values), .array(let others)):
            values.count == others.count && zip(values, others).allSatisfy { $0.isWithin($1) }
        // The server has every number as a floating-point one.
        case (.int(let number), .double(let other)): Double(number) == other
        case (.double(let number), .int(let other)): number == Double(other)
        case (.int(let number), .int(let other)): Double(number) == Double(other)
        case (.null, nil): true
        default: self == other
        }
    }
}

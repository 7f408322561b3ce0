/// What a call of a model cost, in US dollars.
public struct ModelCost: Hashable, Sendable {
    /// For the request.
    public var input: Double
    /// For the answer.
    public var output: Double
    /// In all.
    public var total: Double

    /// Creates the cost of one call. Unless said otherwise, the total is the sum of input and output.
    public init(input: Double, output: Double, total: Double? = nil) {
        self.input = input
        self.output = output
        self.total = total ?? input + output
    }
}

extension ModelCost: Encodable {
    private enum CodingKeys: String, CodingKey {
        case input = "input_cost"
        case output = "output_cost"
        case total = "total_cost"
    }
}

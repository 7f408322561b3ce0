import SpanLogFormat

extension TraceID {
    /// Reads the identifier that a person has given: its digits, or as MLflow writes it.
    init?(argument: String) {
        let digits = argument.hasPrefix("tr-") ? argument.dropFirst(3) : Substring(argument)
        self.init(hexadecimal: digits.lowercased())
    }
}

import SpanLog

/// The work of a request without steps.
enum Leaf {
    /// Counts primes in a span of its own, with the question as inputs and the answer as outputs.
    static func work() -> JSON {
        withSpan("count primes") { span in
            span.spanType = .tool
            span.setInputs(["below": limit])
            let count = (2..<limit).count { isPrime($0) }
            span.setOutputs(["primes": count])
            return .integer(Int64(count))
        }
    }

    private static let limit = 10_000

    private static func isPrime(_ number: Int) -> Bool {
        var divisor = 2
        while divisor * divisor <= number {
            if number.isMultiple(of: divisor) { return false }
            divisor += 1
        }
        return true
    }
}

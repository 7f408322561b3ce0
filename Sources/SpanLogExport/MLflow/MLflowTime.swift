import FoundationEssentials

/// Times as MLflow's REST API has them.
enum MLflowTime {
    /// A moment, in milliseconds since 1970.
    static func text(milliseconds: Int64) -> String {
        let seconds = Date(timeIntervalSince1970: Double(milliseconds / 1000))
        return "\(seconds.formatted(.iso8601).dropLast()).\(threeDigits(milliseconds))Z"
    }

    /// A duration.
    static func duration(milliseconds: Int64) -> String {
        "\(milliseconds / 1000).\(threeDigits(milliseconds))s"
    }

    private static func threeDigits(_ milliseconds: Int64) -> String {
        String(String(1000 + milliseconds % 1000).dropFirst())
    }
}

internal import SpanLogFormat

/// Decides for each new trace, or each span, whether it is recorded: OpenTelemetry's *Sampler*.
///
/// A span that is not sampled keeps the application's context and baggage, tells the services that
/// it calls, and costs next to nothing.
public struct Sampler: Hashable, Sendable {
    private let root: Decision
    private let followsParent: Bool

    private enum Decision: Hashable, Sendable {
        case always
        case never
        /// The trace ids whose last eight bytes are less than this.
        case below(UInt64)
    }

    /// Records everything.
    public static let alwaysOn = Sampler(root: .always, followsParent: false)
    /// Records nothing.
    public static let alwaysOff = Sampler(root: .never, followsParent: false)

    /// Records this share of all traces, decided by the trace's id alone, so that services which
    /// use the same ratio agree.
    ///
    /// The rule is that of OpenTelemetry's Python SDK, and so of MLflow: sampled if and only if
    /// the last eight bytes of the id are less than `round(ratio · 2^64)`.
    ///
    /// - Parameter ratio: From 0 to 1. What lies outside counts as the nearer of the two.
    public static func ratio(_ ratio: Double) -> Sampler {
        Sampler(root: decision(ratio), followsParent: false)
    }

    /// Does as the parent did, and asks `root` for spans without one.
    public static func parentBased(root: Sampler = .alwaysOn) -> Sampler {
        Sampler(root: root.root, followsParent: true)
    }

    private static func decision(_ ratio: Double) -> Decision {
        let bound = (ratio * 0x1p64).rounded()
        if !(bound > 0) { return .never }
        return bound >= 0x1p64 ? .always : .below(UInt64(bound))
    }

    /// Whether a span is recorded.
    ///
    /// - Parameter parentIsSampled: `nil` for a root.
    @inline(__always)
    func isSampled(_ traceID: TraceID, parentIsSampled: Bool?) -> Bool {
        if followsParent, let parentIsSampled { return parentIsSampled }
        switch root {
        case .always: return true
        case .never: return false
        case .below(let bound): return traceID.low < bound
        }
    }
}

extension Sampler {
    /// The sampler that the environment asks for: `OTEL_TRACES_SAMPLER` with
    /// `OTEL_TRACES_SAMPLER_ARG`, or else `MLFLOW_TRACE_SAMPLING_RATIO`.
    ///
    /// - Returns: `nil` if it asks for none.
    /// - Throws: ``RecorderError`` with code ``RecorderError/Code/invalidConfiguration`` for a name
    ///   or a number that means nothing.
    init?(environment: [String: String]) throws(RecorderError) {
        func ratio(_ name: String) throws(RecorderError) -> Sampler? {
            guard let text = environment[name], !text.isEmpty else { return nil }
            guard let ratio = Double(text), (0...1).contains(ratio) else {
                throw RecorderError(
                    .invalidConfiguration,
                    "\(name) is \"\(text)\" and should be a number from 0 to 1: correct it.")
            }
            return .ratio(ratio)
        }
        let argument = "OTEL_TRACES_SAMPLER_ARG"
        switch environment["OTEL_TRACES_SAMPLER"] ?? "" {
        case "":
            guard let root = try ratio("MLFLOW_TRACE_SAMPLING_RATIO") else { return nil }
            self = .parentBased(root: root)
        case "always_on": self = .alwaysOn
        case "always_off": self = .alwaysOff
        case "traceidratio": self = try ratio(argument) ?? .alwaysOn
        case "parentbased_always_on": self = .parentBased(root: .alwaysOn)
        case "parentbased_always_off": self = .parentBased(root: .alwaysOff)
        case "parentbased_traceidratio":
            self = .parentBased(root: try ratio(argument) ?? .alwaysOn)
        case let name:
            throw RecorderError(
                .invalidConfiguration,
                "OTEL_TRACES_SAMPLER is \"\(name)\", which is no sampler of this recorder: use "
                    + "always_on, always_off, traceidratio or parentbased_ and one of these.")
        }
    }
}

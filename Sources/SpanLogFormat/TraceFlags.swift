/// The flags that travel with a trace: the last byte of `traceparent` (W3C Trace Context, level 2).
public struct TraceFlags: OptionSet, Hashable, Sendable {
    /// The byte.
    public let rawValue: UInt8

    /// Takes all eight bits of the byte, known or not.
    @inlinable
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The caller may have recorded the trace, and asks its callees to record it too.
    @inlinable public static var sampled: TraceFlags { TraceFlags(rawValue: 1) }

    /// At least the last seven bytes of the trace id are random.
    @inlinable public static var random: TraceFlags { TraceFlags(rawValue: 2) }

    /// The flags that the specification defines; the others are sent as zero.
    @inlinable package static var known: TraceFlags { TraceFlags(rawValue: 3) }
}

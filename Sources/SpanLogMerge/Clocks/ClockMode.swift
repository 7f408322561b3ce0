/// How the clocks of hosts are aligned.
public enum ClockMode: Hashable, Sendable {
    /// A domain keeps its own clock where the facts allow that throughout; the others are moved to
    /// the middle of what the facts allow.
    case auto
    /// Nothing is corrected, not even steps.
    case off
    /// Every domain is moved to the middle of what the facts allow.
    case middle
    /// Somebody has measured the offsets.
    case manual(ManualClockOffsets)

    /// The word that the command line and the report use.
    public var name: String {
        switch self {
        case .auto: "auto"
        case .off: "off"
        case .middle: "mid"
        case .manual: "manual"
        }
    }
}

/// How the correction of a domain came about, and so how far it can be trusted.
public enum ClockMethod: String, Hashable, Sendable, Codable, CaseIterable {
    /// The domain whose clock all others are brought to.
    case reference
    /// Messages both ways bound the offset.
    case bounded
    /// Messages go one way only: the clock is moved no further than they demand.
    case oneSided = "one-sided"
    /// No messages connect the domain with the reference: its wall clock is believed.
    case wallOnly = "wall only"
    /// Most of the domain's messages belong to pairs that contradict themselves or others.
    case inconsistent
    /// Somebody gave the offset.
    case manual
    /// Nothing was corrected.
    case off
}

/// What the alignment of clocks assumes about clocks and facts.
public struct ClockSettings: Hashable, Sendable {
    /// Facts in a window that may be wrong without doing harm: the least of a window is not believed,
    /// but the next after this many.
    ///
    /// In windows of more than 50 facts, one in 50 may be wrong.
    public var faultyMax = 1
    /// How fast two clocks may still drift apart once their mean drift is taken out, in parts per
    /// million: temperature, mostly.
    public var residualDriftPPM = 2.0
    /// How fast two clocks may drift apart where the facts do not tell, in parts per million.
    public var driftMaxPPM = 100.0
    /// The share of removed facts above which a pair of hosts is called inconsistent.
    public var rejectedShareMax = 0.05
    /// Moments at which offsets are computed; between them they are interpolated.
    public var knotMax = 1024
    /// Cells of time, over all pairs of hosts, whose least facts are kept. It bounds the memory:
    /// a cell takes 16 bytes, and 16 for each fact.
    public var cellMax = 1 << 20

    /// The defaults.
    public init() {}

    /// Facts of each cell that are kept.
    var keptPerCell: Int { max(1, faultyMax + 1) }
}

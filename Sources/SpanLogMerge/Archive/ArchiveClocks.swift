/// What an archive says of clocks: how to correct times, and what a later merge needs to find the
/// corrections anew.
struct ArchiveClocks: Sendable {
    let corrections: ClockCorrections
    let sources: ClockSources
}

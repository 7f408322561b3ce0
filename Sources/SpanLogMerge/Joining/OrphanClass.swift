import SpanLogFormat

/// Why a span's parent is not in the archive, as far as anything tells.
enum OrphanClass: Int, CaseIterable, Sendable {
    /// The orphan's own context is not sampled, so the parent's was not, if samplers go by the parent.
    case notSampled
    /// The parent lives in another process, and nothing of any store given accounts for it.
    case storeNotGiven
    /// A recorder that may have held the parent has lost spans: missing blocks or counted drops.
    case gapOrDrop
    /// The parent's recorder had no room to note which spans were open when it died.
    case unfinished
    /// None of these.
    case unexplained
}

/// Tells the class of an orphan by what is known of all recorders.
struct OrphanRules: Sendable {
    private let tallies: [UInt128: Loss]
    /// The recorders with the latest losses, at most two: one may be the orphan's own.
    private let latest: [(recorder: UInt128, until: UInt64)]

    private struct Loss {
        let until: UInt64?
        let mayMissOpenSpans: Bool
    }

    init(_ knowledge: RecorderKnowledge) {
        var tallies: [UInt128: Loss] = [:]
        for (id, tally) in knowledge.recorders {
            tallies[UInt128(bigEndianBytes: id.bytes)] = Loss(
                until: tally.lossUntil, mayMissOpenSpans: tally.drops.openTableFull > 0)
        }
        self.tallies = tallies
        let losses = tallies.compactMap { recorder, loss in loss.until.map { (recorder, $0) } }
        latest = losses.sorted { ($0.1, $0.0) > ($1.1, $1.0) }.prefix(2).map { ($0.0, $0.1) }
    }

    func kind(of span: JoinedSpan, recordedBy recorder: UInt128) -> OrphanClass {
        if span.traits.contains(.isNotSampled) { return .notSampled }
        let own = tallies[recorder]
        guard span.traits.contains(.isParentRemote) else {
            if own?.until != nil { return .gapOrDrop }
            if own?.mayMissOpenSpans == true { return .unfinished }
            return span.traits.contains(.isParentPlaceKnown) || span.kind != 2
                ? .unexplained : .storeNotGiven
        }
        // A parent ends after its child starts, as a rule, and is in a block that was sealed later.
        let other = latest.first { $0.recorder != recorder }
        return (other?.until ?? 0) >= span.start && other != nil ? .gapOrDrop : .storeNotGiven
    }
}

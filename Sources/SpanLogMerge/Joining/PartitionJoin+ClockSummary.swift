extension PartitionJoin {
    /// Whether there is nothing else at hand than notes, which may come days after their trace.
    var holdsNotesOnly: Bool { spans.allSatisfy { $0.traits.contains(.isNote) } }

    /// Notes when the spans at hand began and ended by each clock.
    mutating func findClockRanges() {
        clockRanges.removeAll()
        guard clocks.collection.mode != .off else { return }
        let hasSteps = clocks.collection.hasSteps
        let countsNotes = holdsNotesOnly
        for span in spans where countsNotes || !span.traits.contains(.isNote) {
            let shift = hasSteps ? clockShift(of: span).nanoseconds : 0
            let start = ClockTime.moved(span.start, by: shift)
            let end = max(start, ClockTime.moved(span.end, by: span.end == 0 ? 0 : shift))
            clockRanges.add(
                clocks.domainOfProducer[Int(span.producer)], start: start, end: end)
        }
    }

    /// The names that the trace at hand may have.
    func clockNames(_ times: Times, _ shape: Shape) -> ClockNames {
        guard !clockRanges.isOne else { return ClockNames() }
        let rank: ClockNames.Rank =
            times.naming != nil ? .naming : shape.mainRoot != nil ? .root : .first
        if rank == .root, shape.roots == 1 { return ClockNames() }
        var candidates = ClockNames.Candidates()
        candidates.note(self, rank)
        return candidates.names(rank)
    }

    /// Whether the span at `index` may name its trace by this rank.
    func has(_ rank: ClockNames.Rank, _ index: Int) -> Bool {
        switch rank {
        case .naming: spans[index].traits.contains(.hasTraceName)
        case .root: parents[index] == Self.noParent
        case .first: true
        }
    }
}

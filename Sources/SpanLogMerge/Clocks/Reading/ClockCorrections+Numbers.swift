extension ClockCorrections {
    /// The correction of the domain with a number: its place among all.
    subscript(number: Int32) -> DomainCorrection? {
        domains.indices.contains(Int(number)) ? domains[Int(number)] : nil
    }

    /// A time on the unstepped line of the domain with a number, corrected; as it is if there is none.
    func corrected(_ unstepped: UInt64, in number: Int32) -> UInt64 {
        guard let correction = self[number] else { return unstepped }
        return ClockTime.moved(unstepped, by: correction.offset(at: unstepped))
    }

    /// The name that a trace has once times are corrected, or `nil` if there is none to choose.
    func chosen(of names: [ClockName]) -> String? {
        func key(_ name: ClockName) -> (UInt64, UInt64) {
            (corrected(name.start, in: name.domain), name.spanID)
        }
        let isOfLast = names.first?.isOfLast == true
        let best =
            isOfLast
            ? names.max { key($0) < key($1) } : names.min { key($0) < key($1) }
        return best.map { String(decoding: $0.name, as: UTF8.self) }
    }

    /// The latest that a time recorded by any clock before `recorded`, or then, may be corrected to.
    ///
    /// - Complexity: O(*n*) in the number of domains and steps.
    func latest(_ recorded: UInt64) -> UInt64 {
        var latest = recorded
        for (number, domain) in domains.enumerated() {
            for shift in domain.line.pieces.map(\.shift) + [0] {
                let unstepped = ClockTime.moved(recorded, by: shift)
                latest = max(latest, corrected(unstepped, in: Int32(clamping: number)))
            }
        }
        return latest
    }
}

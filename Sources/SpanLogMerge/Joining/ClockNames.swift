import SpanLogFormat

/// The names that a trace may have, if that depends on how clocks are corrected: of each clock domain
/// the one that would be right if the others were not.
struct ClockNames {
    /// Whether the span that started last gives the name, and not the first one.
    private(set) var areOfLast = false
    private(set) var names: [ClockName] = []

    /// Which spans may name a trace: those that say how it is called, or else roots, or else all.
    enum Rank: CaseIterable {
        case naming, root, first

        var isOfLast: Bool { self == .naming }
    }

    init() {}

    fileprivate init(_ names: [ClockName], _ rank: Rank) {
        // One clock's order is known without correction.
        guard names.count > 1 else { return }
        areOfLast = rank.isOfLast
        self.names = names.sorted { $0.domain < $1.domain }
    }

    func encode(from start: UInt64, into writer: inout ProtobufWriter) {
        for name in names where name.domain >= 0 {
            name.encode(from: start, isOfLast: areOfLast, into: &writer)
        }
    }

    /// The spans that may name a trace, of all shares of it.
    struct Candidates {
        private var best: [Key: ClockName] = [:]

        private struct Key: Hashable {
            let rank: Rank
            let domain: Int32
        }

        /// Notes those of a rank among the spans at hand.
        mutating func note(_ join: PartitionJoin, _ rank: Rank) {
            let countsNotes = join.holdsNotesOnly
            for (index, span) in join.spans.enumerated() where join.has(rank, index) {
                if rank != .naming, span.traits.contains(.isNote), !countsNotes { continue }
                let domain = join.clocks.domainOfProducer[Int(span.producer)]
                let start = ClockTime.moved(span.start, by: join.clockShift(of: span).nanoseconds)
                let key = Key(rank: rank, domain: domain)
                if let known = best[key] {
                    let isLater = (start, span.spanID) > (known.start, known.spanID)
                    guard isLater == rank.isOfLast else { continue }
                }
                let (bytes, range) = join.name(rank == .naming ? index : nil, index)
                best[key] = ClockName(
                    domain: domain, start: start, spanID: span.spanID, name: Array(bytes[range]))
            }
        }

        func names(_ rank: Rank) -> ClockNames {
            ClockNames(best.filter { $0.key.rank == rank }.map(\.value), rank)
        }
    }
}

/// A name that a trace may have, and when the span started that gave it.
struct ClockName: Hashable, Sendable {
    var domain: Int32 = 0
    /// On the unstepped line of the domain.
    var start: UInt64
    var spanID: UInt64 = 0
    var name: [UInt8] = []
    /// Whether the span that started last counts, and not the first one.
    var isOfLast = false

    private enum Field {
        static let domain = 1
        static let start = 2
        static let spanID = 3
        static let name = 4
        static let isOfLast = 5
    }

    fileprivate func encode(
        from start: UInt64, isOfLast: Bool, into writer: inout ProtobufWriter
    ) {
        writer.message(TraceSummary.Field.clockName) { writer in
            writer.uint64(Field.domain, UInt64(domain))
            writer.uint64(
                Field.start, ZigZag.encoded(Int64(bitPattern: self.start &- start)))
            writer.fixed64(Field.spanID, spanID)
            writer.data(Field.name, name)
            if isOfLast { writer.uint64(Field.isOfLast, 1) }
        }
    }
}

extension ClockName {
    /// Reads a name of a summary; its time is a difference to the summary's start.
    init(decoding bytes: [UInt8], _ range: Range<Int>, from start: UInt64) throws(FormatError) {
        self.init(start: start)
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            switch field.number {
            case Field.name: name = Array(bytes[try reader.range(field.value)])
            case Field.domain: domain = Int32(clamping: try reader.number(field.value))
            case Field.start:
                let difference = ZigZag.decoded(try reader.number(field.value))
                self.start = start &+ UInt64(bitPattern: difference)
            case Field.spanID: spanID = try reader.number(field.value)
            case Field.isOfLast: isOfLast = try reader.number(field.value) == 1
            default: break
            }
        }
    }
}

extension PartitionJoin {
    /// Whether there is nothing else at hand than notes, which may come days after their trace.
    var holdsNotesOnly: Bool { spans.allSatisfy { $0.traits.contains(.isNote) } }

    /// Notes when the spans at hand began and ended by each clock.
    mutating func findClockRanges() {
        clockRanges.removeAll()
        guard clocks.collection.mode != .off else { return }
        let countsNotes = holdsNotesOnly
        let hasSteps = clocks.collection.hasSteps
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

    fileprivate func has(_ rank: ClockNames.Rank, _ index: Int) -> Bool {
        switch rank {
        case .naming: spans[index].traits.contains(.hasTraceName)
        case .root: parents[index] == Self.noParent
        case .first: true
        }
    }
}

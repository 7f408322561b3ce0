extension ClockFacts {
    /// The messages from one domain to another that are to be believed, all kinds together.
    ///
    /// The end of a server's span says when its response was sent, unless the server ends its spans
    /// when the network has taken the response, or after that: then a client that is fast, or a host that
    /// is busy, has it received before it was sent. Such a server gives itself away by spans that are
    /// longer than their clients'. Of its answers no more is believed than that they were sent after
    /// the span had started.
    func believedSeries() -> [Series] {
        let facts = compacted()
        let endsAreTrue = facts.domainsWhoseEndsAreTrue
        var believed: [Series] = []
        var places: [UInt64: Int] = [:]
        for series in facts.series {
            switch series.kind {
            case .request: break
            case .answerAfterStart: if endsAreTrue[series.sender] { continue }
            case .answerAtEnd: if !endsAreTrue[series.sender] { continue }
            }
            guard series.messages.count > 0 else { continue }
            let key = UInt64(UInt32(series.sender)) << 32 | UInt64(UInt32(series.receiver))
            if let place = places[key] {
                believed[place].messages.merge(series.messages, facts.grain)
            } else {
                places[key] = believed.count
                believed.append(series)
            }
        }
        return believed
    }

    /// Of each domain: whether its servers ended when they answered, as far as their clients tell.
    private var domainsWhoseEndsAreTrue: [Bool] {
        var (ended, outlasted) = (domains.map { _ in 0 }, domains.map { _ in 0 })
        for series in series where series.kind == .answerAtEnd {
            ended[series.sender] += series.messages.count
            outlasted[series.sender] += series.outlastedCount
        }
        return domains.indices.map { outlasted[$0] * Self.answersPerOutlasted <= ended[$0] }
    }

    /// A client gives up now and then, and nobody notices.
    private static let answersPerOutlasted = 256
}

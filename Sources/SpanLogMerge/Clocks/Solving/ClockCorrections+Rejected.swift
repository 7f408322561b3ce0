extension ClockCorrections {
    /// Counts the messages that the corrections contradict: received before they were sent.
    mutating func countRejected(_ facts: ClockFacts) {
        let places = Dictionary(
            uniqueKeysWithValues: domains.enumerated().map { ($0.element.domain, $0.offset) })
        let indexes = Dictionary(
            uniqueKeysWithValues: pairs.enumerated().map { (Ends($0.element), $0.offset) })
        for series in facts.believedSeries() where series.sender != series.receiver {
            let (sender, receiver) = (facts.domains[series.sender], facts.domains[series.receiver])
            guard let from = places[sender], let to = places[receiver],
                let pair = indexes[Ends(sender, receiver)]
            else { continue }
            let count = rejectedCount(of: series, from, to)
            pairs[pair].rejectedFactCount += count
            domains[from].rejectedFactCount += count
            domains[to].rejectedFactCount += count
        }
    }

    /// The two domains of a pair.
    private struct Ends: Hashable {
        let first: ClockDomain
        let second: ClockDomain

        init(_ pair: Pair) {
            self.init(pair.first, pair.second)
        }

        init(_ domain: ClockDomain, _ other: ClockDomain) {
            (first, second) = domain < other ? (domain, other) : (other, domain)
        }
    }

    private func rejectedCount(of series: ClockFacts.Series, _ from: Int, _ to: Int) -> Int {
        let (sender, receiver) = (domains[from], domains[to])
        return series.messages.kept.count { message in
            let sent = series.isTimedBySender ? message.time : message.time - message.delay
            let received = sent + message.delay
            let start = Int128(sent) + Int128(sender.offset(at: UInt64(max(0, sent))))
            let end = Int128(received) + Int128(receiver.offset(at: UInt64(max(0, received))))
            return end < start
        }
    }
}

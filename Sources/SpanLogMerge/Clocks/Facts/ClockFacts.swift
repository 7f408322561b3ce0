/// What the calls between hosts say about their clocks: the state that alignment needs, of bounded
/// size, to which facts are added one at a time.
///
/// It is a function of the set of facts: whatever the order, and however they are spread over
/// accumulators that are merged later, ``ClockSolver`` finds the same corrections.
package struct ClockFacts: Sendable {
    package let settings: ClockSettings
    /// The domains, in the order in which they were named.
    private(set) var domains: [ClockDomain] = []
    private var indexes: [ClockDomain: Int] = [:]
    private(set) var series: [Series] = []
    private var seriesIndexes: [UInt64: Int] = [:]
    /// The pair of the last message: calls come in runs.
    private var lastKey = UInt64.max
    private var lastSeries = 0
    private(set) var grain: MessageSeries.Grain
    /// The cells of all compacted series.
    private var cellCount = 0

    /// The messages of a kind from one domain to another.
    struct Series: Sendable {
        let sender: Int
        let receiver: Int
        let kind: Kind
        /// Whether a message's time is the sender's: in both directions between two domains it is
        /// that of the lesser domain.
        let isTimedBySender: Bool
        var messages = MessageSeries()
        /// Answers that tell nothing, since the server took longer than its client.
        var outlastedCount = 0
    }

    /// When a message was sent.
    enum Kind: UInt64, Sendable {
        /// When a span started, to start another one.
        case request
        /// No earlier than the server's start: an answer whose time nobody knows better.
        case answerAfterStart
        /// When the server ended.
        case answerAtEnd
    }

    package init(settings: ClockSettings = ClockSettings()) {
        self.settings = settings
        grain = MessageSeries.Grain(keptPerCell: settings.keptPerCell)
    }

    /// The messages that were added.
    package var count: Int {
        series.reduce(0) { $0 + $1.messages.count }
    }

    /// The number by which a domain is known here, and here only.
    package mutating func index(of domain: ClockDomain) -> Int {
        if let index = indexes[domain] { return index }
        indexes[domain] = domains.count
        domains.append(domain)
        return domains.count - 1
    }

    /// Adds what a span and its child on another host tell. Within a domain they tell nothing.
    package mutating func add(
        parent: ClockSpan, in parentDomain: Int, child: ClockSpan, in childDomain: Int
    ) {
        guard parentDomain != childDomain, parent.requested(child) else { return }
        addMessage(
            from: parentDomain, at: parent.startNanoseconds,
            to: childDomain, at: child.startNanoseconds, .request)
        guard parent.waited(for: child) else { return }
        addMessage(
            from: childDomain, at: child.startNanoseconds,
            to: parentDomain, at: parent.endNanoseconds, .answerAfterStart)
        switch parent.answer(of: child) {
        case .none: break
        case .ended:
            addMessage(
                from: childDomain, at: child.endNanoseconds,
                to: parentDomain, at: parent.endNanoseconds, .answerAtEnd)
        case .outlasted:
            series[seriesIndex(childDomain, parentDomain, .answerAtEnd)].outlastedCount += 1
        }
    }

    /// Adds that something sent at one time by one clock was received at another by another clock.
    package mutating func addMessage(
        from sender: Int, at sent: UInt64, to receiver: Int, at received: UInt64, isRequest: Bool
    ) {
        addMessage(
            from: sender, at: sent, to: receiver, at: received,
            isRequest ? .request : .answerAtEnd)
    }

    private mutating func addMessage(
        from sender: Int, at sent: UInt64, to receiver: Int, at received: UInt64, _ kind: Kind
    ) {
        let index = seriesIndex(sender, receiver, kind)
        let (sent, received) = (ClockTime.clamped(sent), ClockTime.clamped(received))
        let message = Message(
            time: series[index].isTimedBySender ? sent : received, delay: received - sent,
            isRequest: kind == .request)
        if series[index].messages.add(message) {
            compact(index)
            limitCells()
        }
    }

    private mutating func seriesIndex(_ sender: Int, _ receiver: Int, _ kind: Kind) -> Int {
        let ends = UInt64(UInt32(sender)) << 32 | UInt64(UInt32(receiver)) << 2
        let key = ends | kind.rawValue
        if key == lastKey { return lastSeries }
        lastKey = key
        lastSeries = seriesIndexes[key] ?? addSeries(sender, receiver, kind, key)
        return lastSeries
    }

    private mutating func addSeries(
        _ sender: Int, _ receiver: Int, _ kind: Kind, _ key: UInt64
    ) -> Int {
        series.append(
            Series(
                sender: sender, receiver: receiver, kind: kind,
                isTimedBySender: domains[sender] < domains[receiver]))
        seriesIndexes[key] = series.count - 1
        return series.count - 1
    }

    private mutating func compact(_ index: Int) {
        cellCount -= series[index].messages.cells.count
        series[index].messages.compact(grain)
        cellCount += series[index].messages.cells.count
    }

    /// Doubles the length of the cells until there are few enough.
    ///
    /// How often that happens in the end depends on the set of facts alone: with more facts, there
    /// are never fewer cells.
    private mutating func limitCells() {
        while cellCount > settings.cellMax, grain.shift < Self.shiftMax { coarsen(by: 1) }
    }

    private mutating func coarsen(by doublings: Int64) {
        for index in series.indices { compact(index) }
        grain.shift += doublings
        for index in series.indices { series[index].messages.coarsen(by: doublings, grain) }
        cellCount = series.reduce(0) { $0 + $1.messages.cells.count }
    }

    /// 146 years: then each series has one cell or two.
    private static let shiftMax: Int64 = 62
}

extension ClockFacts {
    /// Adds all facts of `other`, which must have the same settings.
    package mutating func merge(_ other: ClockFacts) {
        var other = other
        let shift = max(grain.shift, other.grain.shift)
        coarsen(by: shift - grain.shift)
        other.coarsen(by: shift - other.grain.shift)
        let indexes = other.domains.map { index(of: $0) }
        for series in other.series {
            let index = seriesIndex(
                indexes[series.sender], indexes[series.receiver], series.kind)
            self.series[index].messages.merge(series.messages, grain)
            self.series[index].outlastedCount += series.outlastedCount
        }
        cellCount = series.reduce(0) { $0 + $1.messages.cells.count }
        limitCells()
    }

    /// The same facts with nothing pending.
    func compacted() -> ClockFacts {
        var facts = self
        facts.coarsen(by: 0)
        facts.limitCells()
        return facts
    }
}

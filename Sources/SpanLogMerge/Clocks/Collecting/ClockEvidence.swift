import SpanLogFormat

/// What one thread finds out about clocks from the partitions that it joins.
struct ClockEvidence {
    let collection: ClockCollection
    private var facts: ClockFacts
    /// Of each producer of the partition at hand: its domain's number, or -1.
    private(set) var domainOfProducer: [Int32] = []
    private var numbers: [[UInt8]: Int32] = [:]

    /// Calls between hosts that count for each trace, so that a trace of any size needs little memory:
    /// the first by their servers' scrambled identifiers.
    static let callsPerTraceMax = 1 << 16

    init(_ collection: ClockCollection) {
        self.collection = collection
        facts = ClockCollection.noFacts(collection.domains)
    }

    var isCollecting: Bool { collection.isCollecting }

    /// Lets spans refer to the producers of the partition that was loaded.
    mutating func use(_ producers: [Producer]) {
        domainOfProducer.removeAll(keepingCapacity: true)
        if numbers.count > Self.numbersMax { numbers = [:] }
        for producer in producers {
            domainOfProducer.append(number(of: producer.origin))
        }
    }

    private mutating func number(of origin: Origin) -> Int32 {
        if let number = numbers[origin.id] { return number }
        let number = collection.number(of: ClockDomain(origin))
        numbers[origin.id] = number
        return number
    }

    /// Adds what a call between two domains tells.
    mutating func add(
        parent: ClockSpan, in parentDomain: Int32, child: ClockSpan, in childDomain: Int32
    ) {
        facts.add(
            parent: parent, in: Int(parentDomain), child: child, in: Int(childDomain))
    }

    /// Gives to the others what has gathered, if it is much.
    mutating func share() {
        guard facts.count * Self.bytesPerFact > collection.factsBytesMax else { return }
        finish()
    }

    /// Gives to the others what has gathered.
    mutating func finish() {
        guard facts.count > 0 else { return }
        collection.add(facts)
        facts = ClockCollection.noFacts(collection.domains)
    }

    private static let bytesPerFact = 16
    private static let numbersMax = 1 << 14
}

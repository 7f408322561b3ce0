/// Producers in their order, which their places compare by as they do.
struct RankedProducers: Sendable {
    let producers: [Producer]
    /// The place of each producer, by its place before they were sorted.
    let ranks: [UInt32]
    /// The names of all services, sorted, and the place there of each producer's.
    let services: [String]
    let serviceBytes: [[UInt8]]
    let serviceOfProducer: [UInt32]
    /// What the digest knows each producer by.
    let hashes: [UInt64]

    init(_ unsorted: [Producer] = []) {
        let sorted = unsorted.indices.sorted { unsorted[$0] < unsorted[$1] }
        producers = sorted.reduce(into: []) { producers, place in
            // Whoever read of an origin first has made an object of it; one is enough for all.
            var producer = unsorted[place]
            if let last = producers.last, last.origin == producer.origin {
                producer.origin = last.origin
            }
            producers.append(producer)
        }
        var ranks = [UInt32](repeating: 0, count: sorted.count)
        for (rank, place) in sorted.enumerated() { ranks[place] = UInt32(rank) }
        self.ranks = ranks
        services = Set(producers.map(\.origin.service)).sorted()
        serviceBytes = services.map { Array($0.utf8) }
        let places = Dictionary(
            uniqueKeysWithValues: services.enumerated().map { ($1, UInt32($0)) })
        serviceOfProducer = producers.map { places[$0.origin.service] ?? 0 }
        hashes = producers.map(\.hash)
    }
}

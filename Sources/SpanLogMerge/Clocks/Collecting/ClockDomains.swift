import SpanLogFormat

/// The clock domains of an archive by their names, which gives each a number.
///
/// There is a limit: beyond it the domains with the greatest names have no number, and their spans no
/// correction.
struct ClockDomains: Sendable {
    private var names: Set<ClockDomain> = []

    mutating func insert(_ domain: ClockDomain) {
        names.insert(domain)
        if names.count >= 2 * Self.max { names = Set(least) }
    }

    mutating func formUnion(_ other: ClockDomains) {
        for domain in other.names { insert(domain) }
    }

    /// In order; the place of each is its number.
    var sorted: [ClockDomain] { Array(least) }

    private var least: ArraySlice<ClockDomain> { names.sorted().prefix(Self.max) }

    static let max = 1 << 16
}

extension ClockDomain {
    /// The domain of what comes from `origin`: its boot, or where that is unknown, the instance that
    /// its resource names.
    init(_ origin: Origin) {
        if let boot = ClockDomain(bootID: origin.bootID) {
            self = boot
        } else {
            self.init(instance: Self.instance(of: origin))
        }
    }

    /// `service.instance.id` if the resource has one, and otherwise a hash of all of it.
    private static func instance(of origin: Origin) -> String {
        let resource = try? Resource(decoding: origin.resource)
        let id = resource?.attributes.text(for: "service.instance.id") ?? ""
        guard id.isEmpty else { return origin.service + "/" + id }
        let hash = Hexadecimal.string(Array(SHA256.hash(origin.resource).prefix(8)))
        return origin.service + "/" + hash
    }
}

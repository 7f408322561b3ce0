internal import SpanLogFormat

extension MergeReport {
    /// What to call clock domains: their hosts' names, or where nobody named a host, their services.
    public var clockNames: [ClockDomain: String] {
        var hosts: [ClockDomain: Set<String>] = [:]
        var services: [ClockDomain: Set<String>] = [:]
        for recorder in recorders {
            guard let bootID = Hexadecimal.bytes(recorder.bootID),
                let domain = ClockDomain(bootID: bootID)
            else { continue }
            if !recorder.host.isEmpty { hosts[domain, default: []].insert(recorder.host) }
            services[domain, default: []].insert(recorder.service)
        }
        let named = services.merging(hosts, uniquingKeysWith: { $1 })
        return named.mapValues { names in
            // Containers of one boot have host names of their own.
            let sorted = names.sorted()
            let rest = sorted.count > Self.namesMax ? ", …" : ""
            return sorted.prefix(Self.namesMax).joined(separator: ", ") + rest
        }
    }

    private static let namesMax = 3
}

internal import SpanLogFormat

extension MergeReport {
    /// What to call clock domains: their hosts' names, with their services where several hosts have one
    /// name, as virtual machines do; the services alone where nobody named a host.
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
        let serviceNames = services.mapValues(Self.text)
        let hostNames = hosts.mapValues(Self.text)
        let counts = Dictionary(grouping: hostNames.values) { $0 }.mapValues(\.count)
        let named = hostNames.map { domain, host in
            let isOne = counts[host] == 1
            return (domain, isOne ? host : "\(host) (\(serviceNames[domain] ?? ""))")
        }
        return serviceNames.merging(named, uniquingKeysWith: { $1 })
    }

    /// Containers of one boot have host names of their own.
    private static func text(_ names: Set<String>) -> String {
        let sorted = names.sorted()
        return sorted.prefix(namesMax).joined(separator: ", ")
            + (sorted.count > namesMax ? ", …" : "")
    }

    private static let namesMax = 3
}

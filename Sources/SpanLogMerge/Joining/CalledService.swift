import SpanLogFormat

/// The name of what a client span called, for the report of missing stores.
enum CalledService {
    /// As many names are counted by themselves.
    static let namesMax = 1000
    static let others = "(others)"

    /// The name or address, or `nil` if the span does not say, or called a database or a broker,
    /// which keep no stores.
    static func name(in bytes: [UInt8], _ range: Range<Int>) -> String? {
        guard let attributes = try? SpanRecord(decoding: bytes, range).attributes else {
            return nil
        }
        let hasNoStore = attributes.contains { attribute in
            systems.contains { attribute.key == $0 }
        }
        guard !hasNoStore else { return nil }
        for key in names {
            if let name = attributes.text(for: key), !name.isEmpty { return name }
        }
        return address(attributes) ?? host(attributes)
    }

    private static let systems = ["db.system", "db.system.name", "messaging.system"]
    private static let names = ["peer.service", "rpc.service"]

    private static func address(_ attributes: [Attribute]) -> String? {
        for (name, port) in [
            ("server.address", "server.port"), ("net.peer.name", "net.peer.port"),
            ("network.peer.address", "network.peer.port"),
        ] {
            guard let address = attributes.text(for: name), !address.isEmpty else { continue }
            guard case .int(let port) = attributes.value(for: port) else { return address }
            return "\(address):\(port)"
        }
        return nil
    }

    /// Host and port of the URL that was asked for.
    private static func host(_ attributes: [Attribute]) -> String? {
        guard let url = attributes.text(for: "url.full") ?? attributes.text(for: "http.url"),
            let scheme = url.firstRange(of: "://")
        else { return nil }
        let authority = url[scheme.upperBound...].prefix { !"/?#".contains($0) }
        // Names and passwords in front of the host are nobody's business.
        let host = authority.split(separator: "@").last ?? authority
        return host.isEmpty ? nil : String(host)
    }
}

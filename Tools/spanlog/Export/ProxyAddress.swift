import ArgumentParser
import AsyncHTTPClient
import FoundationEssentials

/// The proxy that the environment names for an address, by the variables that curl and Python read.
struct ProxyAddress: Hashable {
    let host: String
    let port: Int
    let user: String?
    let password: String?

    /// - Returns: `nil` if the address is to be reached without one.
    /// - Throws: `ValidationError` if the variable holds no address of an HTTP proxy.
    init?(for address: String, environment: [String: String]) throws {
        guard let target = URLComponents(string: address), let targetHost = target.host else {
            return nil
        }
        func value(_ name: String) -> (name: String, text: String)? {
            for name in [name.lowercased(), name] {
                if let text = environment[name], !text.isEmpty { return (name, text) }
            }
            return nil
        }
        if let exceptions = value("NO_PROXY"), Self.lists(exceptions.text, targetHost) {
            return nil
        }
        let ofScheme = value(target.scheme == "https" ? "HTTPS_PROXY" : "HTTP_PROXY")
        guard let variable = ofScheme ?? value("ALL_PROXY") else { return nil }
        let text = variable.text.contains("://") ? variable.text : "http://" + variable.text
        guard let proxy = URLComponents(string: text), proxy.scheme == "http",
            let host = proxy.host, !host.isEmpty
        else {
            throw ValidationError(
                "\(variable.name) is no address of an HTTP proxy: write http://HOST:PORT.")
        }
        self.host = host
        port = proxy.port ?? 80
        user = proxy.user
        password = proxy.password
    }

    /// Whether a list such as `localhost,.example.org,10.0.0.7` covers a host.
    private static func lists(_ list: String, _ host: String) -> Bool {
        list.split(separator: ",").contains { entry in
            var name = entry.drop { $0 == " " }.prefix { $0 != " " && $0 != ":" }
            if name == "*" { return true }
            if name.first == "." { name = name.dropFirst() }
            return !name.isEmpty && (host == name || host.hasSuffix("." + name))
        }
    }
}

extension HTTPClient.Configuration.Proxy {
    init(_ address: ProxyAddress) {
        guard let user = address.user else {
            self = .server(host: address.host, port: address.port)
            return
        }
        self = .server(
            host: address.host, port: address.port,
            authorization: .basic(username: user, password: address.password ?? ""))
    }
}

import ArgumentParser
import NIOCore

/// Where a receiver listens: `127.0.0.1:4318`, `[::1]:4318` or `localhost:4318`.
struct ListenAddress: ExpressibleByArgument, CustomStringConvertible {
    let host: String
    let port: Int
    private let address: SocketAddress

    init?(argument: String) {
        guard let colon = argument.lastIndex(of: ":"),
            let port = Int(argument[argument.index(after: colon)...]), (0...65535) ~= port
        else { return nil }
        var host = String(argument[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
        } else if host.contains(":") {
            return nil
        }
        // What a name stands for, somebody else may decide; this one means only one thing.
        if host == "localhost" { host = "127.0.0.1" }
        guard let address = try? SocketAddress(ipAddress: host, port: port) else { return nil }
        self.host = host
        self.port = port
        self.address = address
    }

    var description: String { Self.text(host: host, port: port) }

    /// Whether nobody but this host reaches the address.
    var isLoopback: Bool { address.isLoopback }

    static func text(host: String, port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}

extension SocketAddress {
    /// Whether it is one of 127.0.0.0/8 or `::1`, in whatever form.
    var isLoopback: Bool {
        // As the system writes addresses, each in one way.
        guard let address = ipAddress else { return false }
        switch self {
        case .v4: return address.hasPrefix("127.")
        case .v6: return address == "::1" || address.hasPrefix("::ffff:127.")
        case .unixDomainSocket: return false
        }
    }
}

import CSpanLogMalloc
import Glibc
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import SpanLogImport
import UnixSignals

/// The HTTP server of a receiver.
///
/// Hummingbird's core accepts, parses, bounds connections and headers, and drains; what it leaves
/// open is bounded by ``RequestDeadline`` and ``OTLPEndpoint``.
struct ReceiveServer {
    private let endpoint: OTLPEndpoint

    init(importer: SpanImporter, limits: ReceiveLimits) {
        endpoint = OTLPEndpoint(
            importer: importer, limits: limits, load: ReceiveLoad(limits), counts: ReceiveCounts())
    }

    /// What was done, for the person who ran it.
    var summary: String { endpoint.counts.summary }

    /// Serves until SIGTERM or SIGINT, and answers what is under way by then.
    ///
    /// - Throws: ``CommandFailure`` if it cannot listen.
    func run(_ address: ListenAddress) async throws {
        // Each connection writes its answers alone; a peer that has gone is no reason to end.
        signal(SIGPIPE, SIG_IGN)
        // What a large body took goes back to the system at once, not into an arena of some thread, of
        // which there are more than the limits know.
        mallopt(M_MMAP_THRESHOLD, 1 << 20)
        var logger = Logger(label: "spanlog receive") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .error
        let server = Server(
            childChannelSetup: http, configuration: configuration(address, logger),
            onServerRunning: { Self.announce($0, address) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
        var group = ServiceGroupConfiguration(
            services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(endpoint.limits.drainSeconds)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch let error as IOError {
            throw Self.failure(address, error)
        }
    }

    private var http: HTTP1Channel {
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: ReceiveLimits.headerByteCountMax,
            maxHeaderListSize: ReceiveLimits.headerByteCountMax,
            maxHeaderFieldCount: ReceiveLimits.headerCountMax)
        let deadline = TimeAmount.seconds(Int64(endpoint.limits.requestSecondsMax))
        return HTTP1Channel(
            responder: { [endpoint] request, writer, channel in
                try await endpoint.respond(to: request, writer, channel)
            },
            configuration: .init(
                additionalChannelHandlers: [RequestDeadline(deadline)],
                idleTimeout: .seconds(ReceiveLimits.idleSeconds),
                httpDecoderConfiguration: decoder))
    }

    private func configuration(_ address: ListenAddress, _ logger: Logger) -> ServerConfiguration {
        ServerConfiguration(
            address: .hostname(address.host, port: address.port),
            availableConnectionsDelegate: .maximum(
                endpoint.limits.connectionCountMax, logger: logger))
    }

    /// Says where it listens, at once, also if nobody but a program reads it.
    private static func announce(_ channel: any Channel, _ address: ListenAddress) {
        let port = channel.localAddress?.port ?? address.port
        print("listening on http://\(ListenAddress.text(host: address.host, port: port))")
        fflush(nil)
    }

    private static func failure(_ address: ListenAddress, _ error: IOError) -> CommandFailure {
        switch error.errnoCode {
        case EADDRINUSE:
            CommandFailure(
                "Another program listens on \(address), such as a collector: stop it, or choose "
                    + "another port (--listen).")
        case EACCES:
            CommandFailure(
                "No permission to listen on \(address): choose a port of 1024 or more (--listen).")
        default: CommandFailure("Cannot listen on \(address): \(error).")
        }
    }
}

import ArgumentParser
import SpanLogImport

/// `spanlog receive`: takes spans by OTLP/HTTP into a store.
struct Receive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take spans by OTLP/HTTP into a store, on this host alone.",
        usage: "spanlog receive --store STORE [--listen ADDRESS:PORT] [--allow-remote] [LIMITS]",
        discussion: """
            For services whose SDK can only send OTLP. Point it at the address that is printed:

              spanlog receive --store spans &
              OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 \\
                OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf python service.py

            POST /v1/traces takes Protocol Buffers or JSON, gzip or not, and answers 200 once the \
            spans survive a loss of power. While the disk is full, or more comes than may, it \
            answers 503 or 429 with Retry-After, and senders try again. The store can be read, \
            merged and compacted meanwhile.

            Spans that come from this host count as stamped by its clock; the clocks of others \
            (--allow-remote) are aligned by a merge.

            SIGTERM or Ctrl-C answers the requests under way and ends.

            EXIT STATUS
              0     Ended as asked, with everything stored.
              1     Failed; standard error says why.
              64    The command line is wrong.
            """
    )

    @Option(
        help: "The address and port to listen on; port 0 takes a free one. It is printed.")
    var listen = ListenAddress(argument: "127.0.0.1:4318")!
    @Option(
        help: "The store to write; made if it is missing. Other writers may use it too.",
        completion: .directory)
    var store: String
    @Flag(help: "Listen on an address that other hosts reach. Nothing is encrypted or checked.")
    var allowRemote = false
    @OptionGroup(title: "LIMITS") var limits: ReceiveLimitOptions

    func validate() throws {
        guard allowRemote || listen.isLoopback else {
            throw ValidationError(
                "\(listen) can be reached from other hosts: listen on 127.0.0.1, or say "
                    + "--allow-remote if the network is to be trusted.")
        }
    }

    func run() async throws {
        let importer = try SpanImporter(store: store, options: limits.importing)
        let server = ReceiveServer(importer: importer, limits: limits.receiving)
        do {
            try await server.run(listen)
        } catch {
            await importer.shutdown()
            throw error
        }
        await importer.shutdown()
        StandardError.print(server.summary)
    }
}

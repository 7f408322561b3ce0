import ArgumentParser
import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import SpanLog

/// A service that does what the requests tell it to, and records it with SpanLog.
@main
struct DemoService: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spanlog-demo-service",
        abstract: "Serve call trees over HTTP and record them in a SpanLog store.",
        discussion: """
            POST / takes a JSON array of steps, which the service takes in their order:

              {"url": "http://127.0.0.1:9002/", "arguments": [STEP, …]}
                  posts the arguments to another service of this kind.
              {"work": "plan", "type": "AGENT", "inputs": …, "outputs": …, "arguments": [STEP, …]}
                  takes the arguments as steps inside a span of its own. It may have "attributes",
                  "events", "links", "trace" (name, tags, session, user), and "fail": MESSAGE.

            The empty array is a leaf: a little work in a span with inputs and outputs. The answer
            is 200; 400 if the steps cannot be read; 500 if the work failed; 502 if a call did. The
            steps after a failed one are taken all the same.

            GET /health answers 200 and is not traced. SIGTERM finishes the requests under way,
            makes their spans durable and exits with 0.
            """
    )

    @Option(help: "The service's name in the traces.") var name: String
    @Option(help: "The port to listen on; 0 takes a free one and prints it.") var port: Int
    @Option(help: "The directory to record in; created if it is missing.") var store: String
    @Option(help: "The address to listen on.") var host = "127.0.0.1"

    func validate() throws {
        guard !name.isEmpty else { throw ValidationError("--name must not be empty.") }
        guard (0...65535).contains(port) else {
            throw ValidationError("--port must be between 0 and 65535.")
        }
    }

    func run() async throws {
        let recorder = try Recorder(Recorder.Configuration(serviceName: name, directory: store))
        InstrumentationSystem.bootstrap(recorder.tracer)
        // The client takes the tracer when it is configured, so not before the line above.
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(5)
        // A service that is down is an error at once, not after several seconds of tries.
        configuration.connectionPool.retryConnectionEstablishment = false
        try await HTTPClient.withHTTPClient(configuration: configuration) { client in
            try await application(recorder: recorder, client: client).runService()
        }
    }

    /// The server, which stops before the recorder does: services stop in reverse order.
    private func application(
        recorder: Recorder, client: HTTPClient
    ) -> some ApplicationProtocol {
        let router = Router()
        router.get("health") { _, _ in HTTPResponse.Status.ok }
        let runner = StepRunner(service: name, client: client)
        router.group().add(middleware: TracingMiddleware())
            .post("/") { request, _ in try await runner.answer(request) }
        var logger = Logger(label: name)
        logger.logLevel = .warning
        return Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            services: [recorder],
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? port
                FileHandle.standardError.write(Data("listening on http://\(host):\(port)\n".utf8))
            },
            logger: logger
        )
    }
}

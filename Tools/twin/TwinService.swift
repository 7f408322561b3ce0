import ArgumentParser
import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import SpanLog

/// One of three services that answer a question together, as `twin_service.py` does with MLflow's SDK:
/// what they record, once exported, must be what MLflow's SDK logs.
@main
struct TwinService: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spanlog-twin-service",
        abstract: "Serve one part of the program that the twin test compares with MLflow's SDK."
    )

    @Argument(help: "What the service does, which is its name, too.") var role: Role
    @Option(help: "The directory to record in; created if it is missing.") var store: String

    func run() async throws {
        let recorder = try Recorder(.init(serviceName: role.rawValue, directory: store))
        // No tracer is bootstrapped: the client would record its calls, which no MLflow program does.
        try await HTTPClient.withHTTPClient { client in
            let part = role.part(client)
            let router = Router()
            router.post("/") { request, context in
                let words = try await request.decode(as: [String: String].self, context: context)
                return try await withTracer(recorder.tracer) {
                    try await part.answer(words, request.headers.dictionary)
                }
            }
            var logger = Logger(label: role.rawValue)
            logger.logLevel = .warning
            let application = Application(
                router: router,
                configuration: .init(address: .hostname("127.0.0.1", port: 0)),
                services: [recorder],
                onServerRunning: { channel in
                    let port = channel.localAddress?.port ?? 0
                    let line = "listening on http://127.0.0.1:\(port)/\n"
                    FileHandle.standardError.write(Data(line.utf8))
                },
                logger: logger)
            try await application.runService()
        }
    }
}

enum Role: String, ExpressibleByArgument, CaseIterable {
    case planner, researcher, writer

    func part(_ client: HTTPClient) -> any Part {
        switch self {
        case .planner: Planner(client: client)
        case .researcher: Researcher()
        case .writer: Writer()
        }
    }
}

/// What a service does.
protocol Part: Sendable {
    func answer(
        _ words: [String: String], _ headers: [String: String]
    ) async throws -> [String: String]
}

extension HTTPFields {
    fileprivate var dictionary: [String: String] {
        Dictionary(map { ($0.name.rawName, $0.value) }) { $1 }
    }
}

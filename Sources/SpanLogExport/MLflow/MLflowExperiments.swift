/// Finds the experiment that the traces go to, or makes it.
struct MLflowExperiments {
    private let client: MLflowClient

    init(_ client: MLflowClient) {
        self.client = client
    }

    /// The id of the experiment called `name`, which exists once this returns.
    ///
    /// - Throws: ``ExportError``, also if the experiment exists but is deleted.
    func identifier(ofExperiment name: String) async throws -> String {
        if let id = try await find(name) { return id }
        if let id = try await create(name) { return id }
        // Someone else created it between the two calls.
        if let id = try await find(name) { return id }
        throw ExportError.experimentRefused(name, "it exists and does not")
    }

    private func find(_ name: String) async throws -> String? {
        let query = "experiment_name=\(name.percentEncoded)"
        let request = ExportRequest(.get, "\(Self.path)/get-by-name?\(query)")
        let (answer, response) = try await client.send(request, .firstContact)
        switch answer {
        case .unknownResource: return nil
        case .success:
            guard let found = JSON.decoded(Found.self, response.body)?.experiment else {
                throw notMLflow(response)
            }
            if found.lifecycleStage == "deleted" {
                throw ExportError.experimentDeleted(name, id: found.experimentId)
            }
            return found.experimentId
        case .refusal(let reason), .failure(let reason), .busy(let reason):
            throw ExportError.unexpected(client.address, reason)
        case .fatal(let error): throw error
        }
    }

    /// - Returns: `nil` if the name is taken by now.
    private func create(_ name: String) async throws -> String? {
        var request = ExportRequest(.post, "\(Self.path)/create")
        request.headers = [("Content-Type", "application/json")]
        request.body = try JSON.encoded(["name": name])
        let (answer, response) = try await client.send(request, .firstContact)
        switch answer {
        case .success:
            guard let created = JSON.decoded(Created.self, response.body) else {
                throw notMLflow(response)
            }
            return created.experimentId
        case .refusal(let reason):
            if MLflowErrorDetails(response).code == "RESOURCE_ALREADY_EXISTS" { return nil }
            throw ExportError.experimentRefused(name, reason)
        case .unknownResource(let reason), .failure(let reason), .busy(let reason):
            throw ExportError.unexpected(client.address, reason)
        case .fatal(let error): throw error
        }
    }

    private func notMLflow(_ response: ExportResponse) -> ExportError {
        .notMLflow(client.address, MLflowErrorDetails(response).reason)
    }

    private static let path = "/api/2.0/mlflow/experiments"

    private struct Found: Decodable {
        let experiment: Experiment

        struct Experiment: Decodable {
            let experimentId: String
            let lifecycleStage: String?
        }
    }

    private struct Created: Decodable { let experimentId: String }
}

extension String {
    /// The text as one value within a query, everything but RFC 3986's unreserved characters
    /// escaped.
    var percentEncoded: String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in utf8 {
            if Self.unreserved.contains(byte) {
                bytes.append(byte)
            } else {
                bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let unreserved = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
}

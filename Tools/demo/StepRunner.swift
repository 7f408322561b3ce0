import AsyncHTTPClient
import Foundation
import Hummingbird
import NIOCore
import NIOHTTP1
import SpanLog

/// Takes the steps of requests, one after the other.
struct StepRunner: Sendable {
    let service: String
    let client: HTTPClient

    private static let bodyByteCountMax = 32 << 20

    /// Takes the steps in the request's body.
    ///
    /// - Throws: ``FailedAnswer`` if they cannot be read or one of them failed.
    func answer(_ request: Request) async throws -> Answer {
        let span = InstrumentationSystem.tracer.activeSpan(identifiedBy: .current ?? .topLevel)
        var answer = Answer(
            service: service, traceparent: tracingContextHeadersForHTTPRequest()["traceparent"])
        do {
            let steps = try await Self.steps(in: request)
            span?.setInputs(steps)
            answer.result = try await steps.isEmpty ? Leaf.work() : take(steps)
            if let result = answer.result { span?.setOutputs(result) }
            return answer
        } catch let failure as Failure {
            answer.error = failure.description
            throw FailedAnswer(status: failure.status, answer: answer)
        }
    }

    private static func steps(in request: Request) async throws -> [Step] {
        do {
            let body = try await request.body.collect(upTo: bodyByteCountMax)
            return try JSONDecoder().decode([Step].self, from: Data(body.readableBytesView))
        } catch {
            throw Failure.unreadable("\(error)")
        }
    }

    /// Takes all steps, those after a failed one too.
    ///
    /// - Returns: What the last one came to.
    /// - Throws: The first failure.
    private func take(_ steps: [Step]) async throws -> JSON? {
        var result: JSON?
        var failure: (any Error)?
        for step in steps {
            do {
                result = try await take(step)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return result
    }

    private func take(_ step: Step) async throws -> JSON? {
        if let url = step.url { return try await call(url, step.arguments ?? []) }
        if let name = step.work { return try await work(name, step) }
        throw Failure.unreadable("a step has neither url nor work")
    }
}

extension StepRunner {
    private static let callTimeout = TimeAmount.seconds(30)

    /// Posts the steps to another service. The client records the call and sends the headers.
    private func call(_ url: String, _ steps: [Step]) async throws -> JSON? {
        do {
            var request = HTTPClientRequest(url: url)
            request.method = .POST
            request.headers.add(name: "content-type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(steps)))
            let response = try await client.execute(request, timeout: Self.callTimeout)
            let body = try await response.body.collect(upTo: Self.bodyByteCountMax)
            guard response.status.code < 400 else {
                throw Failure.call(url, "status \(response.status.code)")
            }
            let answer = try? JSONDecoder().decode(Answer.self, from: Data(body.readableBytesView))
            return answer?.result
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure.call(url, "\(error)")
        }
    }

    /// Takes the steps inside of `step` in a span that is described by its members.
    private func work(_ name: String, _ step: Step) async throws -> JSON? {
        try await withSpan(name) { span in
            step.describe(span)
            let result = try await take(step.arguments ?? [])
            if let message = step.fail { throw Failure.work(message) }
            let outputs = step.outputs ?? result
            if let outputs { span.setOutputs(outputs) }
            return outputs
        }
    }
}

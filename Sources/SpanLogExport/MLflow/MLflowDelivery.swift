import SpanLogFormat
import Synchronization

/// Brings batches of traces to one experiment.
struct MLflowDelivery: Sendable {
    let client: MLflowClient
    let experimentID: String
    let experimentName: String
    let limits: MLflowRequestLimits
    var sendsSpansOnly = false
    let failures: MLflowFailureCount
    let manner = MLflowServerManner()
    let progress: MLflowProgress

    /// What traces are called by in MLflow's REST API.
    static let tracesPath = "/api/3.0/mlflow/traces"

    /// Sends the spans of `batch` and then what is to be said about each of its traces: nothing about
    /// those whose root somebody else has brought to the server.
    ///
    /// - Returns: What was taken and what was refused.
    /// - Throws: ``ExportError`` if nothing else can succeed either.
    func deliver(_ batch: MLflowBatch) async throws -> MLflowDeliveryOutcome {
        var outcome = MLflowDeliveryOutcome()
        // Whether a trace was there before must be asked before there are spans of it.
        let othersTraces = try await othersTraces(among: batch.traces, &outcome)
        try await sendSpans(of: batch.traces[...], &outcome)
        for trace in batch.traces {
            if let others = othersTraces[trace.id] {
                try await complete(trace, others, &outcome)
            } else if !sendsSpansOnly || trace.info.isHeadless {
                // Without a root, nothing else would end the trace.
                try await sendInfo(of: trace, &outcome)
            }
            progress.advance(by: trace.spans.count)
        }
        outcome.note(batch.traces)
        return outcome
    }

    /// Sends whole traces in one request, or each half on its own if the server refuses them.
    private func sendSpans(
        of traces: ArraySlice<MLflowTrace>, _ outcome: inout MLflowDeliveryOutcome
    ) async throws {
        if traces.count == 1, let trace = traces.first {
            return try await sendSpans(of: trace, &outcome)
        }
        guard try await refusal(of: traces.flatMap(\.spans)[...]) != nil else {
            for trace in traces { outcome.accept(trace.spans[...], of: trace) }
            return
        }
        let middle = (traces.startIndex + traces.endIndex) / 2
        try await sendSpans(of: traces[..<middle], &outcome)
        try await sendSpans(of: traces[middle...], &outcome)
    }

    /// Sends one trace, in several requests if it is too large for one.
    private func sendSpans(
        of trace: MLflowTrace, _ outcome: inout MLflowDeliveryOutcome
    ) async throws {
        var rest = trace.spans[...]
        while !rest.isEmpty {
            let part = limits.prefix(of: rest)
            rest = rest[part.endIndex...]
            try await send(part, of: trace, &outcome)
        }
        outcome.settle(trace.id)
    }

    /// Sends spans of one trace, or each half on its own if the server refuses them.
    private func send(
        _ spans: ArraySlice<MLflowTrace.Span>, of trace: MLflowTrace,
        _ outcome: inout MLflowDeliveryOutcome
    ) async throws {
        if outcome.isHopeless(trace.id) { return }
        guard let refusal = try await refusal(of: spans) else {
            return outcome.accept(spans, of: trace)
        }
        if spans.count == 1 {
            try failures.record(refusal, at: client.address)
            return outcome.refuse(trace.id, spans.first?.id, refusal.reason)
        }
        let middle = (spans.startIndex + spans.endIndex) / 2
        try await send(spans[..<middle], of: trace, &outcome)
        try await send(spans[middle...], of: trace, &outcome)
    }

    /// - Returns: Why the server does not take these spans, or `nil` if it has taken them.
    private func refusal(
        of spans: ArraySlice<MLflowTrace.Span>
    ) async throws -> MLflowServerRefusal? {
        var request = ExportRequest(.post, "/v1/traces")
        request.headers = [
            ("Content-Type", "application/x-protobuf"), ("x-mlflow-experiment-id", experimentID),
        ]
        request.body = spans.requestBody
        request.isCompressible = true
        return try await refusal(of: request)
    }

    func refusal(of request: ExportRequest) async throws -> MLflowServerRefusal? {
        try refusal(try await client.send(request, .delivery).0)
    }

    func refusal(_ answer: MLflowAnswer) throws -> MLflowServerRefusal? {
        switch answer {
        case .success:
            failures.reset()
            return nil
        case .refusal(let reason): return MLflowServerRefusal(reason: reason, isFailure: false)
        case .failure(let reason), .busy(let reason):
            return MLflowServerRefusal(reason: reason, isFailure: true)
        case .unknownResource(let reason):
            throw ExportError.experimentGone(experimentName, reason)
        case .fatal(let error): throw error
        }
    }
}

/// Why the server did not take a request.
struct MLflowServerRefusal {
    let reason: String
    /// Whether the server fell over the request instead of turning it down.
    let isFailure: Bool
}

/// What became of a batch.
struct MLflowDeliveryOutcome: Sendable {
    private(set) var acceptedSizes: [TraceID: [Int]] = [:]
    private(set) var refusals: [TraceID: [MLflowExportResult.Refusal]] = [:]
    /// The traces of which nothing was refused, with the checksums of what was sent.
    private(set) var deliveredTraces: [(TraceID, UInt128)] = []

    mutating func accept(_ spans: ArraySlice<MLflowTrace.Span>, of trace: MLflowTrace) {
        acceptedSizes[trace.id, default: []] += spans.map(\.bytes.count)
    }

    mutating func refuse(_ trace: TraceID, _ span: SpanID?, _ reason: String) {
        refusals[trace, default: []].append(.init(traceID: trace, spanID: span, reason: reason))
    }

    mutating func note(_ traces: [MLflowTrace]) {
        deliveredTraces += traces.filter { refusals[$0.id] == nil }.map { ($0.id, $0.checksum) }
    }

    /// Whether so many spans of a trace were refused, and none taken, that the rest will be, too.
    func isHopeless(_ trace: TraceID) -> Bool {
        acceptedSizes[trace] == nil && refusals[trace, default: []].count >= Self.hopelessMin
    }

    /// Says of a trace of which nothing was taken that it was refused as a whole.
    mutating func settle(_ trace: TraceID) {
        guard acceptedSizes[trace] == nil, let first = refusals[trace]?.first else { return }
        refusals[trace] = [.init(traceID: trace, spanID: nil, reason: first.reason)]
    }

    private static let hopelessMin = 8
}

/// Notices when a server that refuses a span now and then has stopped working altogether.
final class MLflowFailureCount: Sendable {
    private let count = Atomic(0)
    private static let max = 5

    func reset() {
        count.store(0, ordering: .relaxed)
    }

    /// - Throws: ``ExportError`` if the server has failed often and done nothing else in between.
    func record(_ refusal: MLflowServerRefusal, at address: String) throws {
        guard refusal.isFailure else { return reset() }
        if count.add(1, ordering: .relaxed).newValue >= Self.max {
            throw ExportError.failing(address, refusal.reason)
        }
    }
}

/// Counts the spans that have been dealt with, over all connections.
final class MLflowProgress: Sendable {
    private let done = Mutex(0)
    private let total: Int
    private let report: @Sendable (Int, Int) -> Void

    init(total: Int, report: @escaping @Sendable (Int, Int) -> Void) {
        self.total = total
        self.report = report
    }

    func advance(by count: Int) {
        done.withLock {
            $0 += count
            report($0, total)
        }
    }
}

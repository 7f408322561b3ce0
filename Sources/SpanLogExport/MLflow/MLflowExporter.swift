public import SpanLogFormat
import SpanLogMerge

/// Stores whole traces in an experiment of an MLflow server.
///
/// Each trace goes over in two steps: its spans by OTLP, many traces in one request, and then what
/// MLflow says about the trace as a whole (name, state, previews, session, user, tags). The server
/// replaces what it has of a trace, so exporting the same traces again changes nothing, and an
/// export that was interrupted is completed by running it again.
///
///     let exporter = MLflowExporter(over: transport, toExperiment: "agents")
///     let result = try await exporter.export(archive) { done, total in bar.update(done) }
///     for refusal in result.refusals { print(refusal) }
public struct MLflowExporter: Sendable {
    /// What leaves the exporter room to be fast, and what bounds it.
    public struct Options: Sendable {
        /// The requests under way at the same time. One MLflow worker gains nothing by more.
        public var connectionCount = 3
        /// The spans that one request may hold.
        public var spansPerRequestMax = 1000
        /// The bytes of spans that one request may hold, before compression. A larger span travels
        /// alone.
        public var bytesPerRequestMax = 8 << 20
        /// Whether to send spans alone, which is several times as fast for small traces. MLflow then
        /// derives what it shows of a trace from its root; see <doc:MLflow> for what it lacks.
        public var sendsSpansOnly = false
        /// Only traces of this state; `nil` for any.
        public var state: MLflowState?

        /// The defaults.
        public init() {}
    }

    private let client: MLflowClient
    private let experiment: String
    private let options: Options

    /// Prepares an export; nothing is sent yet.
    ///
    /// - Parameters:
    ///   - transport: What carries requests to the server.
    ///   - experiment: The name of the experiment, which is created if there is none.
    ///   - credentials: What to show to the server, if it asks.
    ///   - workspace: The workspace of the experiment, for a server that has workspaces.
    public init(
        over transport: any ExportTransport, toExperiment experiment: String,
        credentials: MLflowCredentials? = nil, workspace: String? = nil,
        options: Options = Options()
    ) {
        self.init(
            MLflowClient(transport, credentials: credentials, workspace: workspace),
            toExperiment: experiment, options: options)
    }

    init(_ client: MLflowClient, toExperiment experiment: String, options: Options = Options()) {
        precondition(options.connectionCount > 0, "An export needs a connection.")
        precondition(options.spansPerRequestMax > 0, "A request needs room for a span.")
        self.client = client
        self.experiment = experiment
        self.options = options
    }

    /// Exports every trace of `source`.
    ///
    /// A trace or span that the server refuses is named in the result, and the others go on. Memory
    /// is bounded by a few requests and the largest trace.
    ///
    /// - Parameters:
    ///   - journal: Where to keep what was delivered; it also says what to leave out.
    ///   - progress: Called with the number of spans dealt with and their total, never twice at the
    ///     same time.
    /// - Returns: What the server has taken and refused.
    /// - Throws: ``ExportError`` if the export cannot go on, or an error of `source`. What was
    ///   exported until then stays.
    public func export(
        _ source: some TraceSource, journal: ExportJournal? = nil,
        progress: @escaping @Sendable (_ spansDone: Int, _ spanCount: Int) -> Void = { _, _ in }
    ) async throws -> MLflowExportResult {
        let id = try await MLflowExperiments(client).identifier(ofExperiment: experiment)
        let limits = MLflowRequestLimits(
            spanCountMax: options.spansPerRequestMax, byteCountMax: options.bytesPerRequestMax)
        try journal?.begin(target: "\(client.address) experiment \(id)")
        let delivery = MLflowDelivery(
            client: client, experimentID: id, experimentName: experiment, limits: limits,
            sendsSpansOnly: options.sendsSpansOnly, failures: MLflowFailureCount(),
            progress: MLflowProgress(
                total: Int(clamping: source.spanCount), report: progress))
        var result = MLflowExportResult(experimentID: id)
        try await run(delivery, over: source, journal, &result)
        try journal?.complete()
        return result
    }

    /// Reads, converts and batches traces while earlier batches are under way.
    private func run(
        _ delivery: MLflowDelivery, over source: some TraceSource, _ journal: ExportJournal?,
        _ result: inout MLflowExportResult
    ) async throws {
        try await withThrowingTaskGroup(of: MLflowDeliveryOutcome.self) { group in
            var batch = MLflowBatch()
            var underWay = 0
            func settle(_ outcome: MLflowDeliveryOutcome) throws {
                result.add(outcome)
                try journal?.add(outcome.deliveredTraces)
            }
            func send() async throws {
                guard !batch.isEmpty else { return }
                if underWay == options.connectionCount, let outcome = try await group.next() {
                    try settle(outcome)
                    underWay -= 1
                }
                let full = batch
                batch = MLflowBatch()
                group.addTask { try await delivery.deliver(full) }
                underWay += 1
            }
            try await source.forEachTrace { archived in
                try Task.checkCancellation()
                guard let trace = MLflowTrace(archived) else {
                    result.addTraceWithoutSpans()
                    return delivery.progress.advance(by: archived.spans.count)
                }
                guard takes(trace, journal, &result) else {
                    return delivery.progress.advance(by: archived.spans.count)
                }
                let noteCount = archived.spans.count - trace.spans.count
                if noteCount > 0 { delivery.progress.advance(by: noteCount) }
                if !batch.hasRoom(for: trace, within: delivery.limits) { try await send() }
                batch.append(trace)
            }
            try await send()
            for try await outcome in group { try settle(outcome) }
        }
    }

    /// Whether a trace is to be sent.
    private func takes(
        _ trace: MLflowTrace, _ journal: ExportJournal?, _ result: inout MLflowExportResult
    ) -> Bool {
        if let state = options.state, state != trace.info.state { return false }
        guard let journal, journal.omits(trace.id, trace.checksum) else { return true }
        result.addTraceDeliveredBefore()
        return false
    }
}

/// What became of an export.
public struct MLflowExportResult: Sendable {
    /// The id of the experiment, which its page has in its address.
    public let experimentID: String
    /// The traces that are in MLflow whole.
    public private(set) var traceCount = 0
    /// The spans that are in MLflow.
    public private(set) var spanCount = 0
    /// The traces that were left out because an earlier export has delivered them.
    public private(set) var deliveredBeforeCount = 0
    /// The traces of which there are only notes, such as feedback, and no spans. They are not in MLflow:
    /// merge the stores that have their spans into the archive, and export again.
    public private(set) var traceWithoutSpansCount = 0
    /// What the server refused.
    public private(set) var refusals: [Refusal] = []

    /// A trace that is not in MLflow, or not whole.
    public struct Refusal: Sendable, CustomStringConvertible {
        /// The trace.
        public let traceID: TraceID
        /// The span of it that was refused while others were taken, or `nil` if it was the trace
        /// as a whole, or what is said about it.
        public let spanID: SpanID?
        /// The server's status and words.
        public let reason: String

        /// The refusal in a line.
        public var description: String {
            if let spanID { return "trace \(traceID), span \(spanID): \(reason)" }
            return "trace \(traceID): \(reason)"
        }
    }

    init(experimentID: String) {
        self.experimentID = experimentID
    }

    mutating func addTraceDeliveredBefore() {
        deliveredBeforeCount += 1
    }

    mutating func addTraceWithoutSpans() {
        traceWithoutSpansCount += 1
    }

    mutating func add(_ outcome: MLflowDeliveryOutcome) {
        traceCount += outcome.acceptedSizes.keys.count { outcome.refusals[$0] == nil }
        spanCount += outcome.acceptedSizes.values.reduce(0) { $0 + $1.count }
        refusals += outcome.refusals.sorted { $0.key < $1.key }.flatMap(\.value)
    }
}

import SpanLogFormat
import SpanLogMerge

/// What MLflow is told about a trace as a whole: the body of its call StartTraceV3.
///
/// Everything follows from the spans, so that a repeated export says the same again.
struct MLflowTraceInfo: Sendable {
    let traceID: TraceID
    let requestTimeMilliseconds: Int64
    let durationMilliseconds: Int64
    let state: MLflowState
    /// Whether the trace's root is in no store.
    let isHeadless: Bool
    let clientRequestID: String?
    let requestPreview: String?
    let responsePreview: String?
    let metadata: [String: String]
    let tags: [String: String]
    /// The tags without a name that nobody gave.
    let givenTags: [String: String]
    let assessments: [MLflowAssessment]
    /// The tokens that the trace's spans say, added up. The server does so itself, over what others have
    /// brought, too; this is for a server that has to be told again.
    let tokenUsage: String?

    init(_ trace: ArchivedTrace, _ context: MLflowTraceContext) {
        let root = context.rootIndex.map { trace.spans[$0] }
        let times = Self.times(trace, context, root)
        traceID = trace.id
        requestTimeMilliseconds = Int64(times.lowerBound / 1_000_000)
        durationMilliseconds = Int64((times.upperBound - times.lowerBound) / 1_000_000)
        // A trace whose root is nowhere did not end well, and must not look as if it went on.
        let isError =
            root.map { $0.record.status.code == .error || $0.record.isUnfinished } ?? true
        state = context.values.state ?? (isError ? .error : .ok)
        isHeadless = root == nil
        clientRequestID = context.values.clientRequestID

        let inputs = root.flatMap { MLflowRecordedValue(MLflowKey.spanInputs, of: $0.record) }
        let outputs = root.flatMap { MLflowRecordedValue(MLflowKey.spanOutputs, of: $0.record) }
        requestPreview =
            context.values.requestPreview
            ?? inputs.map { MLflowPreview(of: $0, role: .user).text }
        responsePreview =
            context.values.responsePreview
            ?? outputs.map { MLflowPreview(of: $0, role: .assistant).text }
        assessments = context.values.assessments
        tokenUsage = MLflowTokenUsage.total(of: trace.spans)

        let leader = root ?? trace.spans.first
        var metadata = Self.metadata(context.values, leader?.resource, inputs, outputs)
        if isHeadless { metadata[MLflowKey.headless] = "true" }
        if !context.values.leftOut.isEmpty {
            metadata[MLflowKey.leftOut] = context.values.leftOut.joined(separator: "; ")
                .truncated(MLflowLimit.metadataValue, ending: "...")
        }
        self.metadata = metadata
        let name = context.values.name ?? leader?.record.name
        var tags = context.values.tags
        tags[MLflowKey.traceName] = context.values.name
        givenTags = tags
        tags[MLflowKey.traceName] = name?.truncated(MLflowLimit.tagValue)
        self.tags = tags
    }

    /// The root's time, as MLflow's SDK has it; without a root, all that is known.
    private static func times(
        _ trace: ArchivedTrace, _ context: MLflowTraceContext, _ root: ArchivedSpan?
    ) -> ClosedRange<UInt64> {
        if let root { return context.start(of: root)...context.end(of: root) }
        let start = trace.spans.map(context.start).min() ?? 1
        return start...(trace.spans.map(context.end).max() ?? start)
    }

    private static func metadata(
        _ values: MLflowTraceValues, _ resource: Resource?,
        _ inputs: MLflowRecordedValue?, _ outputs: MLflowRecordedValue?
    ) -> [String: String] {
        var metadata = [
            "mlflow.trace_schema.version": "3",
            "mlflow.source.type": "LOCAL",
            "mlflow.traceInputs": inputs?.metadata ?? "",
            "mlflow.traceOutputs": outputs?.metadata ?? "",
        ]
        metadata["mlflow.source.name"] =
            resource?.serviceName?.truncated(MLflowLimit.metadataValue)
        metadata["mlflow.trace.session"] = values.session
        metadata["mlflow.trace.user"] = values.user
        return metadata.merging(values.metadata) { $1 }
    }
}

extension MLflowTraceInfo {
    /// The body of the request that stores this in an experiment.
    ///
    /// - Parameters:
    ///   - spanSizes: The bytes of each span that the server has taken. Readers wait for as many spans
    ///     as this says.
    ///   - stored: What the server has of the trace, to be said again where this says nothing else.
    func body(
        experimentID: String, spanSizes: [Int], keeping stored: MLflowStoredTrace? = nil
    ) throws -> [UInt8] {
        var info = try storedInfo(experimentID: experimentID, spanSizes: spanSizes)
        if let stored { keep(stored, in: &info) }
        info.executionDuration = MLflowTime.duration(milliseconds: durationMilliseconds)
        return try JSON.encoded(Body(trace: .init(traceInfo: info)))
    }

    /// The same as it stands in a file, of no experiment.
    func fileInfo(spanSizes: [Int]) throws -> Info {
        var info = try storedInfo(experimentID: "", spanSizes: spanSizes)
        info.executionDurationMs = durationMilliseconds
        return info
    }

    private func storedInfo(experimentID: String, spanSizes: [Int]) throws -> Info {
        var metadata = metadata
        metadata["mlflow.trace.sizeStats"] = Self.sizeStatistics(spanSizes)
        metadata["mlflow.trace.sizeBytes"] = String(spanSizes.reduce(0, +))
        return Info(
            traceID: traceID.mlflowID,
            traceLocation: .init(mlflowExperiment: .init(experimentID: experimentID)),
            clientRequestID: clientRequestID?.storable,
            requestTime: MLflowTime.text(milliseconds: requestTimeMilliseconds),
            state: state.rawValue,
            requestPreview: requestPreview?.storable, responsePreview: responsePreview?.storable,
            traceMetadata: metadata.mapValues(\.storable), tags: storableTags,
            assessments: try assessments.map { .said(try $0.body(of: traceID)) }.nilIfEmpty)
    }

    private var storableTags: [String: String] {
        Dictionary(tags.map { ($0.storable, $1.storable) }, uniquingKeysWith: { max($0, $1) })
    }

    /// The statistics as MLflow prints them, over the spans' sizes in OTLP.
    private static func sizeStatistics(_ sizes: [Int]) -> String {
        let sorted = sizes.sorted()
        return """
            {"total_size_bytes": \(sizes.reduce(0, +)), "num_spans": \(sizes.count), \
            "max": \(sorted.last ?? 0), "p25": \(quantile(0.25, sorted)), \
            "p50": \(quantile(0.5, sorted)), "p75": \(quantile(0.75, sorted))}
            """
    }

    private static func quantile(_ fraction: Double, _ sorted: [Int]) -> Int {
        guard let last = sorted.last else { return 0 }
        let place = fraction * Double(sorted.count - 1)
        let lower = Int(place)
        guard lower + 1 < sorted.count else { return last }
        let step = Double(sorted[lower + 1] - sorted[lower])
        return sorted[lower] + Int(step * (place - Double(lower)))
    }

    private struct Body: Encodable {
        let trace: Trace

        struct Trace: Encodable { let traceInfo: Info }
    }

    /// The names, in snake case, are those of MLflow's REST API and of its files.
    struct Info: Encodable {
        let traceID: String
        let traceLocation: Location
        let clientRequestID: String?
        let requestTime: String
        /// In a request.
        var executionDuration: String?
        /// In a file.
        var executionDurationMs: Int64?
        let state: String
        let requestPreview: String?
        let responsePreview: String?
        var traceMetadata: [String: String]
        var tags: [String: String]
        var assessments: [Assessment]?

        struct Location: Encodable {
            var type = "MLFLOW_EXPERIMENT"
            let mlflowExperiment: Experiment
        }

        struct Experiment: Encodable { let experimentID: String }

        enum Assessment: Encodable {
            case said(MLflowAssessment.Body)
            /// As the server has it.
            case kept(JSONValue)

            func encode(to encoder: any Encoder) throws {
                switch self {
                case .said(let body): try body.encode(to: encoder)
                case .kept(let value): try value.encode(to: encoder)
                }
            }
        }
    }
}

extension Array {
    var nilIfEmpty: Self? { isEmpty ? nil : self }
}

import SpanLogFormat
import SpanLogTestSupport
import Testing

@testable import SpanLog

@Suite struct SamplerTests {
    /// By the formula of OpenTelemetry's Python SDK: `low < round(ratio * 2 ** 64)`.
    @Test(
        arguments: [
            (0.5, 0x7FFF_FFFF_FFFF_FFFF, true), (0.5, 0x8000_0000_0000_0000, false),
            (0.25, 0x3FFF_FFFF_FFFF_FFFF, true), (0.25, 0x4000_0000_0000_0000, false),
            (0.1, 1_844_674_407_370_955_263, true), (0.1, 1_844_674_407_370_955_264, false),
            (0, 0, false), (1, UInt64.max, true), (-1, 1, false), (2, UInt64.max, true),
            (.nan, 1, false),
        ] as [(Double, UInt64, Bool)])
    func `a ratio decides by the last eight bytes of the trace id`(
        ratio: Double, low: UInt64, isSampled: Bool
    ) {
        let traceID = TraceID(high: 1, low: low)
        #expect(Sampler.ratio(ratio).isSampled(traceID, parentIsSampled: nil) == isSampled)
        let parentBased = Sampler.parentBased(root: .ratio(ratio))
        #expect(parentBased.isSampled(traceID, parentIsSampled: nil) == isSampled)
    }

    @Test func `a parent decides for its children, and only if it is asked`() {
        let traceID = TraceID(high: 1, low: 1)
        #expect(Sampler.parentBased(root: .alwaysOff).isSampled(traceID, parentIsSampled: true))
        #expect(!Sampler.parentBased().isSampled(traceID, parentIsSampled: false))
        #expect(Sampler.alwaysOn.isSampled(traceID, parentIsSampled: false))
        #expect(!Sampler.alwaysOff.isSampled(traceID, parentIsSampled: true))
    }

    private static let ratioArgument = "OTEL_TRACES_SAMPLER_ARG"

    @Test(
        arguments: [
            ([:], nil),
            (["OTEL_TRACES_SAMPLER": "always_on"], .alwaysOn),
            (["OTEL_TRACES_SAMPLER": "always_off"], .alwaysOff),
            (["OTEL_TRACES_SAMPLER": "traceidratio", ratioArgument: "0.5"], .ratio(0.5)),
            (["OTEL_TRACES_SAMPLER": "traceidratio"], .alwaysOn),
            (["OTEL_TRACES_SAMPLER": "parentbased_always_off"], .parentBased(root: .alwaysOff)),
            (
                ["OTEL_TRACES_SAMPLER": "parentbased_traceidratio", ratioArgument: "0.1"],
                .parentBased(root: .ratio(0.1))
            ),
            (["MLFLOW_TRACE_SAMPLING_RATIO": "0.1"], .parentBased(root: .ratio(0.1))),
            (
                ["MLFLOW_TRACE_SAMPLING_RATIO": "0.1", "OTEL_TRACES_SAMPLER": "always_on"],
                .alwaysOn
            ),
        ] as [([String: String], Sampler?)])
    func `the environment chooses the sampler`(
        environment: [String: String], sampler: Sampler?
    ) throws {
        #expect(try Sampler(environment: environment) == sampler)
    }

    @Test(arguments: [
        ["OTEL_TRACES_SAMPLER": "jaeger_remote"],
        ["OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "half"],
        ["MLFLOW_TRACE_SAMPLING_RATIO": "1.5"],
    ])
    func `what means nothing is refused by name`(environment: [String: String]) {
        let error = #expect(throws: RecorderError.self) { try Sampler(environment: environment) }
        #expect(error?.code == .invalidConfiguration)
        #expect(environment.keys.contains { error?.message.contains($0) == true })
    }

    @Test func `what is not sampled keeps its context and tells the next service`() async throws {
        var configuration = Recorder.Configuration(serviceName: "test", environment: [:])
        configuration.sampler = .alwaysOff
        let recording = try await Recording(configuration) { tracer in
            var context = ServiceContext.topLevel
            context.baggage = ["tenant": "a"]
            tracer.withSpan("span", context: context) { span in
                #expect(!span.isRecording)
                let headers = tracingContextHeadersForHTTPRequest()
                #expect(headers["traceparent"]?.hasSuffix("-02") == true)
                #expect(headers["baggage"] == "tenant=a")
            }
        }
        #expect(recording.spans.isEmpty)
    }
}

import Foundation
import ServiceLifecycle
import SpanLog
import SpanLogFormat
import Testing

@Suite struct RecorderTests {
    @Test func `the resource says which service, host and process recorded`() async throws {
        let recording = try await Recording(
            .init(
                serviceName: "planner", serviceVersion: "2.1",
                resourceAttributes: ["deployment.environment.name": "test", "rank": 3],
                environment: [:])
        ) { $0.startSpan("span").end() }
        let attributes = recording.resource.attributes
        #expect(attributes.text(for: "service.name") == "planner")
        #expect(attributes.text(for: "service.version") == "2.1")
        #expect(attributes.text(for: "deployment.environment.name") == "test")
        #expect(attributes.value(for: "rank") == .int(3))
        #expect(attributes.text(for: "host.name")?.isEmpty == false)
        #expect(attributes.value(for: "process.pid") == .int(Int64(getpid())))
        #expect(attributes.text(for: "service.instance.id")?.count == 36)
    }

    @Test(
        arguments: [
            (nil, ["OTEL_RESOURCE_ATTRIBUTES": "service.name=a"], "a"),
            (nil, ["OTEL_RESOURCE_ATTRIBUTES": "service.name=a", "OTEL_SERVICE_NAME": "b"], "b"),
            ("c", ["OTEL_RESOURCE_ATTRIBUTES": "service.name=a", "OTEL_SERVICE_NAME": "b"], "c"),
            (nil, ["OTEL_RESOURCE_ATTRIBUTES": " service.name = Z%C3%BCrich ,x=1"], "Zürich"),
        ] as [(String?, [String: String], String)])
    func `code wins over OTEL_SERVICE_NAME, which wins over OTEL_RESOURCE_ATTRIBUTES`(
        name: String?, environment: [String: String], expected: String
    ) async throws {
        let configuration = Recorder.Configuration(serviceName: name, environment: environment)
        let recording = try await Recording(configuration) { $0.startSpan("span").end() }
        #expect(recording.resource.serviceName == expected)
    }

    @Test(arguments: ["a", "=b", "a=%zz", "a=b,c"])
    func `malformed OTEL_RESOURCE_ATTRIBUTES are refused by name`(text: String) async {
        let configuration = Recorder.Configuration(
            directory: "/unused", environment: ["OTEL_RESOURCE_ATTRIBUTES": text])
        let error = #expect(throws: RecorderError.self) { try Recorder(configuration) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("OTEL_RESOURCE_ATTRIBUTES") == true)
    }

    @Test func `without a directory the error names the variable to set`() {
        let error = #expect(throws: RecorderError.self) {
            try Recorder(.init(serviceName: "a", environment: [:]))
        }
        #expect(error?.code == .noDirectory)
        #expect(error?.message.contains("SPANLOG_DIR") == true)
    }

    @Test func `a file in the place of the directory is refused with a remedy`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "spanlog-\(UUID())")
        try Data().write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let error = #expect(throws: RecorderError.self) {
            try Recorder(.init(serviceName: "a", directory: file.path(), environment: [:]))
        }
        #expect(error?.code == .notADirectory)
        #expect(error?.message.contains(file.path()) == true)
    }

    @Test func `SPANLOG_DIR says where to record, and what was flushed is there`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "spanlog-\(UUID())")
        defer { try? FileManager.default.removeItem(at: directory) }
        let recorder = try Recorder(
            .init(serviceName: "a", environment: ["SPANLOG_DIR": directory.path()]))
        for number in 0..<100 {
            recorder.tracer.startSpan("span \(number)").end()
            if number % 10 == 9 {
                try await recorder.flush()
                #expect(try Recording(directory.path()).spans.count == number + 1)
            }
        }
        recorder.tracer.startSpan("last").end()
        recorder.tracer.forceFlush()
        #expect(try Recording(directory.path())["last"] != nil)
        try await recorder.shutdown()
        recorder.tracer.startSpan("too late").end()
        #expect(recorder.droppedSpanCount == 1)
    }

    @Test(arguments: [Int.min, -1, 0, 1, Int.max / 2])
    func `bounds that make no sense do not stop a service`(bound: Int) async throws {
        var configuration = Recorder.Configuration(serviceName: "test", environment: [:])
        configuration.blockBytesMax = bound
        configuration.segmentBytesMax = bound
        configuration.openSpansMax = Swift.min(bound, 1 << 14)
        configuration.spoolBytesMax = 1
        let recording = try await Recording(configuration) { $0.startSpan("span").end() }
        #expect(recording.spans.count <= 1)
    }

    @Test func `spans reach the disk by themselves, without a flush`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "spanlog-\(UUID())")
        defer { try? FileManager.default.removeItem(at: directory) }
        var configuration = Recorder.Configuration(
            serviceName: "a", directory: directory.path(), environment: [:])
        configuration.flushInterval = .milliseconds(1)
        let recorder = try Recorder(configuration)
        recorder.tracer.startSpan("span").end()
        let deadline = ContinuousClock.now + .seconds(30)
        while try Recording(directory.path()).spans.isEmpty, .now < deadline {
            await Task.yield()
        }
        #expect(try Recording(directory.path()).spans.count == 1)
        try await recorder.shutdown()
    }

    @Test func `a service group that shuts down leaves everything on disk`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "spanlog-\(UUID())")
        defer { try? FileManager.default.removeItem(at: directory) }
        let recorder = try Recorder(
            .init(serviceName: "a", directory: directory.path(), environment: [:]))
        let group = ServiceGroup(services: [recorder], logger: .init(label: "test"))
        async let running: Void = group.run()
        recorder.tracer.startSpan("span").end()
        await group.triggerGracefulShutdown()
        try await running
        #expect(try Recording(directory.path()).spans.count == 1)
    }
}

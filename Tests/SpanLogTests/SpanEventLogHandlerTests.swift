import Logging
import SpanLog
import SpanLogFormat
import Testing

@Suite struct SpanEventLogHandlerTests {
    /// A logger as an application has it: one handler writes the log, and one the events.
    private func logger(
        _ label: String = "shop", level: Logger.Level = .warning,
        provider: Logger.MetadataProvider? = nil
    ) -> Logger {
        Logger(label: label) { label in
            MultiplexLogHandler(
                [
                    SwiftLogNoOpLogHandler(), SpanEventLogHandler(label: label, level: level),
                ], metadataProvider: provider)
        }
    }

    /// What is logged inside of a span, as events of the span.
    private func events(_ body: (ActiveSpan) -> Void) async throws -> [SpanRecord.Event] {
        let recording = try await Recording { tracer in
            tracer.withSpan("span") { span in body(span) }
        }
        return try #require(recording["span"]).events
    }

    @Test func `a warning becomes an event of the span that it was logged in`() async throws {
        let logger = logger()
        let events = try await events { _ in logger.warning("no paper", metadata: ["tray": "2"]) }
        #expect(events.map(\.name) == ["log"])
        let attributes = try #require(events.first).attributes
        #expect(attributes.text(for: "log.severity") == "WARN")
        #expect(attributes.text(for: "log.message") == "no paper")
        #expect(attributes.text(for: "log.logger") == "shop")
        #expect(attributes.text(for: "tray") == "2")
        #expect(
            attributes.text(for: "code.file.path") == "SpanLogTests/SpanEventLogHandlerTests.swift")
        #expect(attributes.text(for: "code.function.name")?.isEmpty == false)
        guard case .int(let line) = attributes.value(for: "code.line.number") else {
            Issue.record("The line is missing.")
            return
        }
        #expect(line > 0)
    }

    @Test func `the severities are called as OpenTelemetry calls them`() async throws {
        let logger = {
            var logger = self.logger(level: .trace)
            logger.logLevel = .trace
            return logger
        }()
        let events = try await events { _ in
            for level in Logger.Level.allCases { logger.log(level: level, "message") }
        }
        #expect(
            events.map { $0.attributes.text(for: "log.severity") } == [
                "TRACE", "DEBUG", "INFO", "INFO2", "WARN", "ERROR", "FATAL",
            ])
    }

    @Test func `a logger's level can keep events out, and let no further ones in`() async throws {
        let events = try await events { _ in
            var logger = logger()
            logger.info("first")
            logger.logLevel = .debug
            logger.info("second")
            logger.warning("third")
            logger.logLevel = .critical
            logger.error("fourth")
            logger.critical("fifth")
        }
        #expect(events.map { $0.attributes.text(for: "log.message") } == ["third", "fifth"])
    }

    @Test func `metadata keep their types, and nested ones get names with dots`() async throws {
        var logger = logger()
        logger[metadataKey: "shop"] = "north"
        logger[metadataKey: "tray"] = "1"
        let complete = logger
        let events = try await events { _ in
            complete.error(
                "no paper",
                metadata: [
                    "tray": .stringConvertible(2), "load": .stringConvertible(0.5),
                    "hot": .stringConvertible(true), "inks": ["blue", "red"],
                    "user": ["name": "ada", "of": ["team": "bridges"]],
                    "log.message": "forged",
                ])
        }
        let attributes = try #require(events.first).attributes
        #expect(attributes.text(for: "shop") == "north")
        #expect(attributes.value(for: "tray") == .int(2))
        #expect(attributes.value(for: "load") == .double(0.5))
        #expect(attributes.value(for: "hot") == .bool(true))
        #expect(attributes.value(for: "inks") == .array([.string("blue"), .string("red")]))
        #expect(attributes.text(for: "user.name") == "ada")
        #expect(attributes.text(for: "user.of.team") == "bridges")
        #expect(attributes.text(for: "log.message") == "no paper")
    }

    @Test func `an error that is logged is there by its type and message`() async throws {
        let logger = logger()
        let events = try await events { _ in
            logger.error("cannot print", error: TestError(description: "no paper"))
        }
        let attributes = try #require(events.first).attributes
        #expect(attributes.text(for: "exception.type") == "SpanLogTests.TestError")
        #expect(attributes.text(for: "exception.message") == "no paper")
    }

    @Test func `what a metadata provider says is there, but for the span's own ids`() async throws {
        let provider = Logger.MetadataProvider.multiplex([
            .spanLog, Logger.MetadataProvider { ["tenant": "a"] },
        ])
        let logger = Logger(label: "shop") { label in
            SpanEventLogHandler(label: label, metadataProvider: provider)
        }
        let multiplexed = self.logger(provider: provider)
        let events = try await events { _ in
            logger.warning("one")
            multiplexed.warning("two")
        }
        #expect(events.map { $0.attributes.text(for: "tenant") } == ["a", "a"])
        #expect(events.allSatisfy { $0.attributes.text(for: "trace_id") == nil })
        #expect(events.allSatisfy { $0.attributes.text(for: "span_id") == nil })
    }

    @Test func `what the recorder logs becomes no event`() async throws {
        let events = try await events { _ in logger("spanlog").error("The disk is full.") }
        #expect(events.isEmpty)
    }

    @Test func `outside of spans and in those that ended or are not recorded nothing happens`()
        async throws
    {
        var configuration = Recorder.Configuration(serviceName: "test", environment: [:])
        configuration.sampler = .alwaysOff
        let logger = logger()
        let recording = try await Recording(configuration) { tracer in
            logger.warning("outside")
            tracer.withSpan("unsampled") { _ in logger.warning("inside") }
        }
        #expect(recording.spans.isEmpty)
        let events = try await events { span in
            span.end()
            logger.warning("too late")
        }
        #expect(events.isEmpty)
    }
}

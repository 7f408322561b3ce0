internal import Logging
public import SpanLog
internal import SpanLogStore

/// A recorder for tests: what it recorded can be looked at, and it leaves nothing behind.
///
/// ```swift
/// @Test func `an order is paid for before it is packed`() throws {
///     let recorder = try InMemoryRecorder()
///     withTracer(recorder.tracer) { shop.takeOrder("a bridge") }
///     #expect(
///         recorder.tree(attributes: ["item"]) == """
///             take order {item: a bridge}
///               pay (client)
///               pack
///             """)
/// }
/// ```
///
/// It is the recorder that services use, and its store lies in memory that belongs to this object:
/// in `/dev/shm`, or in the directory for temporary files where there is none. Only a test process
/// that is killed leaves it there (`spanlog-testing-…`). Tests that run in parallel each have one of
/// their own, with `withTracer`; nothing global is touched.
public final class InMemoryRecorder: Sendable {
    /// Where spans are made. Pass it to `withTracer`, or to what is tested.
    public let tracer: SpanLogTracer
    private let recorder: Recorder
    private let directory: TemporaryDirectory

    /// Opens a recorder.
    ///
    /// - Parameter configuration: As a service has it. Its directory is not used, and neither are
    ///   its flush interval and the size of its spool; the environment is looked at only if it is
    ///   part of the configuration.
    /// - Throws: ``RecorderError`` if the configuration makes no sense, or there is no memory.
    public init(
        _ configuration: Recorder.Configuration = .init(serviceName: "test", environment: [:])
    ) throws(RecorderError) {
        let (directory, recorder) = try Self.open(configuration)
        self.directory = directory
        self.recorder = recorder
        tracer = recorder.tracer
    }

    /// Where its files are as long as it lives.
    package var path: String { directory.path }

    deinit {
        // The recorder's thread must have ended before its files are taken away.
        try? recorder.shutdownBlocking()
        directory.remove()
    }

    /// The spans in the order of their starts: those that have ended, also just now, and those that
    /// are open, whose `endNanoseconds` is 0.
    ///
    /// Spans that started in the same nanosecond come in the order in which they ended.
    ///
    /// - Complexity: O(*n* log *n*) in the number of spans that were recorded.
    public var spans: [SpanRecord] {
        let spans = recorded()
        let ended = Set(spans.filter { $0.endNanoseconds > 0 }.map(\.spanID))
        return spans.enumerated()
            // One that is just ending may be there as open as well.
            .filter { $0.element.endNanoseconds > 0 || !ended.contains($0.element.spanID) }
            .sorted { left, right in
                (left.element.startNanoseconds, left.offset)
                    < (right.element.startNanoseconds, right.offset)
            }
            .map(\.element)
    }

    /// The span with this name if there is exactly one.
    public subscript(name: String) -> SpanRecord? {
        let found = spans.filter { $0.name == name }
        return found.count == 1 ? found[0] : nil
    }

    /// The spans drawn as text: one line for each, children below their parents. Two runs of the same
    /// code draw the same, as ids and times are left out.
    ///
    /// - Parameter attributes: The keys of the attributes to draw, in this order.
    public func tree(attributes: [String] = []) -> String {
        SpanTree(sorted: spans, attributes: attributes).description
    }
}

extension InMemoryRecorder {
    private static func open(
        _ configuration: Recorder.Configuration
    ) throws(RecorderError) -> (TemporaryDirectory, Recorder) {
        var configuration = configuration
        configuration.flushInterval = .seconds(3600)
        configuration.blockBytesMax = 64 << 10
        configuration.spoolBytesMax = 1 << 20
        // The memory that containers have for this is small, so there is a second place.
        let shared = TemporaryDirectory(in: "/dev/shm")
        configuration.directory = shared.path
        if let recorder = try? Recorder(configuration, logger: quiet) { return (shared, recorder) }
        shared.remove()
        let temporary = TemporaryDirectory()
        configuration.directory = temporary.path
        do throws(RecorderError) {
            return (temporary, try Recorder(configuration, logger: quiet))
        } catch {
            temporary.remove()
            throw error
        }
    }

    private static var quiet: Logger {
        Logger(label: "spanlog") { _ in SwiftLogNoOpLogHandler() }
    }

    /// What the store holds, by the code that reads every store.
    private func recorded() -> [SpanRecord] {
        var spans: [SpanRecord] = []
        do {
            let damages = try Store(directory.path).forEachBlock { block, _ in
                try TracesData.forEachSpan(in: block.bytes, block.payload) { place in
                    spans.append(try SpanRecord(decoding: block.bytes, place.span))
                }
            }
            guard damages.isEmpty else { fatalError("\(damages.map(\.reason))") }
        } catch {
            fatalError("The recorder's files are gone or were changed: \(error)")
        }
        return spans
    }
}

public import Logging
internal import Tracing

/// Turns what is logged inside of a span into an event of the span, so that traces show it in place.
///
/// Use it beside the handler that writes the log:
///
/// ```swift
/// LoggingSystem.bootstrap { label in
///     MultiplexLogHandler([
///         StreamLogHandler.standardError(label: label),
///         SpanEventLogHandler(label: label, level: .warning),
///     ])
/// }
/// ```
///
/// The event is called `log`. Its attributes `log.severity` and `log.message` hold OpenTelemetry's
/// name of the severity (`INFO2` for a notice, `FATAL` for what is critical) and the message;
/// `log.logger` names the logger, `code.function.name`, `code.file.path` and `code.line.number` say
/// where it was called, and an error that was logged is in `exception.type` and `exception.message`.
/// Metadata are attributes under their own names; what is nested gets the names on the way to it,
/// with dots between. The span's status stays as it is.
///
/// Outside of SpanLog's spans, and in spans that are not recorded or have ended, it does nothing. It
/// never logs itself, and what the recorder logs (label `spanlog`) becomes no event, since that is
/// about the place where events go.
public struct SpanEventLogHandler: LogHandler {
    /// What every event gets as attributes.
    public var metadata: Logger.Metadata = [:]
    /// Asked for further metadata at each event.
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let leastLevel: Logger.Level
    private var chosenLevel: Logger.Level

    /// Creates a handler for the logger called `label`.
    ///
    /// - Parameters:
    ///   - level: The least severe level that becomes an event. Choosing a level for a logger can
    ///     only raise it: `debug` for the log's sake does not fill the traces.
    ///   - metadataProvider: Asked for further metadata at each event.
    public init(
        label: String, level: Logger.Level = .warning,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.label = label
        self.metadataProvider = metadataProvider
        leastLevel = level
        chosenLevel = level
    }

    /// The least severe level that becomes an event.
    public var logLevel: Logger.Level {
        get { max(leastLevel, chosenLevel) }
        set { chosenLevel = newValue }
    }

    /// The metadata for `key` that every event gets.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Adds the event to the current span.
    public func log(event: LogEvent) {
        guard event.level >= leastLevel, label != Self.recorderLabel,
            case .local(let span) = ServiceContext.current?.currentSpan, span.isRecording
        else { return }
        span.addEvent(SpanEvent(name: "log", attributes: attributes(of: event, in: span)))
    }

    /// The label of the recorder's own logger.
    static let recorderLabel = "spanlog"
}

extension SpanEventLogHandler {
    private func attributes(of event: LogEvent, in span: ActiveSpan) -> SpanAttributes {
        var all = metadata
        all.merge(metadataProvider?.get() ?? [:]) { $1 }
        all.merge(event.metadata ?? [:]) { $1 }
        // What the provider `spanLog` tells the log is where the event stands anyway.
        for (key, value) in Logger.MetadataProvider.ids(of: span.identity)
        where all[key] == value { all[key] = nil }
        var attributes: SpanAttributes = [:]
        for (key, value) in all { attributes.set(key, to: value) }
        if let error = event.error {
            attributes["exception.type"] = ErrorName.name(of: error)
            attributes["exception.message"] = String(describing: error)
        }
        // Last, so that no metadata take their place.
        attributes["log.severity"] = event.level.severity
        attributes["log.message"] = event.message.description
        attributes["log.logger"] = label
        attributes["code.function.name"] = event.function
        attributes["code.file.path"] = event.file
        attributes["code.line.number"] = Int64(event.line)
        return attributes
    }
}

extension Logger.Level {
    /// OpenTelemetry's short name (`SeverityText`) of the number that the log data model gives it.
    fileprivate var severity: String {
        switch self {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO"
        case .notice: "INFO2"
        case .warning: "WARN"
        case .error: "ERROR"
        case .critical: "FATAL"
        }
    }
}

extension SpanAttributes {
    /// Sets `key` to what swift-log's `value` holds, with its type where a span knows it.
    fileprivate mutating func set(_ key: String, to value: Logger.MetadataValue) {
        switch value {
        case .string(let text): set(key, value: .string(text))
        case .stringConvertible(let number as Int): set(key, value: .int64(Int64(number)))
        case .stringConvertible(let number as Double): set(key, value: .double(number))
        case .stringConvertible(let flag as Bool): set(key, value: .bool(flag))
        case .stringConvertible(let other): set(key, value: .string(other.description))
        case .array(let values): set(key, value: .stringArray(values.map(\.description)))
        case .dictionary(let members):
            for (name, member) in members { set("\(key).\(name)", to: member) }
        }
    }
}

import SpanLogFormat
import SpanLogMerge

/// Rewrites a span as MLflow should be told about it.
///
/// MLflow keeps neither the resource nor the kind of a span, so `service.name`, `host.name`,
/// `process.pid` and `span.kind` become attributes of every span, and whatever else the resource
/// says becomes attributes of the spans at which the trace entered the process. An attribute that
/// the span has already stays as the service set it.
struct MLflowSpan {
    private let span: ArchivedSpan
    private let context: MLflowTraceContext
    private var record: SpanRecord { span.record }

    private init(_ span: ArchivedSpan, _ context: MLflowTraceContext) {
        self.span = span
        self.context = context
    }

    /// The span at `index` of `trace` for MLflow.
    static func record(
        at index: Int, of trace: ArchivedTrace, _ context: MLflowTraceContext
    ) -> SpanRecord {
        let span = MLflowSpan(trace.spans[index], context)
        return span.rewritten(isMainRoot: index == context.rootIndex)
    }

    private func rewritten(isMainRoot: Bool) -> SpanRecord {
        var result = record
        result.name = record.name.storable
        result.startNanoseconds = context.start(of: span)
        result.endNanoseconds = context.end(of: span)
        result.status = status
        result.attributes = ownAttributes + addedAttributes
        if isMainRoot { result.attributes += context.values.rootAttributes }
        result.events = record.events.map(Self.rewritten)
        result.links = record.links.map(Self.rewritten)
        return result
    }

    /// A span that ended without an error is a success in MLflow, one that never ended is not.
    private var status: SpanRecord.Status {
        if record.status.code == .error { return record.status }
        if record.isUnfinished {
            return .init(code: .error, message: "The span never ended: its process died first.")
        }
        // A message belongs to an error: with any other status MLflow drops it.
        return .init(code: .ok)
    }

    private var ownAttributes: [Attribute] {
        record.attributes.compactMap { attribute -> Attribute? in
            // Tags of the trace go to its root, wherever they were set.
            if attribute.key.hasPrefix(MLflowKey.traceTagPrefix) { return nil }
            if MLflowStatements.isOurs(attribute.key) || attribute.key == MLflowKey.logLevel {
                return nil
            }
            return Attribute(attribute.key, value(of: attribute))
        }
    }

    private func value(of attribute: Attribute) -> AttributeValue {
        switch attribute.key {
        case MLflowKey.spanInputs, MLflowKey.spanOutputs:
            let value = MLflowValue.ofInputsOrOutputs(attribute.value)
            // Of a root's the server makes the trace's previews, of anybody's the model: columns.
            let isInColumns = record.parentSpanID == nil || value.namesModel
            return isInColumns ? value.storableJSON : value
        // A longer session makes the server refuse the whole request, and a structure as session
        // or user breaks its database.
        case MLflowKey.session, MLflowKey.conversation:
            return Self.plain(attribute.value, MLflowLimit.session)
        case MLflowKey.user: return Self.plain(attribute.value, MLflowLimit.user)
        case MLflowKey.spanType: return Self.plain(attribute.value, MLflowLimit.spanType)
        case AttributeKey.model, AttributeKey.provider:
            return Self.plain(attribute.value, MLflowLimit.model)
        case let key:
            let value = MLflowValue.ofSpan(attribute.value, holdsJSON: MLflowKey.holdsJSON(key))
            return MLflowKey.isReadByMLflow(key) ? value.storableJSON : value
        }
    }

    private static func plain(_ value: AttributeValue, _ scalarMax: Int) -> AttributeValue {
        .string(MLflowValue.plain(value.plainText.storable(scalarMax)))
    }

    private static func rewritten(_ event: SpanRecord.Event) -> SpanRecord.Event {
        var result = event
        result.nanoseconds = event.nanoseconds.clampedToMLflow
        result.attributes = rewritten(event.attributes)
        return result
    }

    private static func rewritten(_ link: SpanRecord.Link) -> SpanRecord.Link {
        var result = link
        result.attributes = rewritten(link.attributes)
        return result
    }

    private static func rewritten(_ attributes: [Attribute]) -> [Attribute] {
        attributes.map { attribute in
            let value = MLflowValue.ofEvent(attribute.value)
            let isRead = MLflowKey.isReadByMLflow(attribute.key)
            return Attribute(attribute.key, isRead ? value.storableJSON : value)
        }
    }
}

extension MLflowSpan {
    /// What MLflow would not know otherwise, save for keys that the span has itself.
    private var addedAttributes: [Attribute] {
        let known = Set(record.attributes.map(\.key))
        let level = Attribute(MLflowKey.logLevel, .int(MLflowLogLevel.level(of: record)))
        let added = fixedAttributes + clockAttributes + resourceAttributes
        return [level] + added.filter { !known.contains($0.key) }
    }

    private var fixedAttributes: [Attribute] {
        var added = [Attribute(MLflowKey.spanType, .string("UNKNOWN"))]
        if let kind = record.kind.name { added.append(Attribute("span.kind", .string(kind))) }
        if record.isUnfinished { added.append(Attribute(MLflowKey.unfinished, .bool(true))) }
        // The names that OpenTelemetry gives these where a format has no field for them.
        let dropped = [
            ("otel.dropped_attributes_count", record.droppedAttributesCount),
            ("otel.dropped_events_count", record.droppedEventsCount),
            ("otel.dropped_links_count", record.droppedLinksCount),
        ]
        for (key, count) in dropped where count > 0 {
            added.append(Attribute(key, .int(Int64(count))))
        }
        return added
    }

    /// How the times were corrected, in traces whose times were compared with other clocks'.
    private var clockAttributes: [Attribute] {
        guard context.namesClocks, let clock = span.clock else { return [] }
        var added = [
            Attribute("clock.method", .string(clock.method.rawValue)),
            Attribute("clock.offset_ns", .int(clock.offsetNanoseconds)),
        ]
        // A bound that nobody knows is not there: it must not look like none.
        if let bound = clock.boundNanoseconds {
            added.append(Attribute("clock.bound_ns", .int(Int64(clamping: bound))))
        }
        return added
    }

    private var resourceAttributes: [Attribute] {
        let isEntry = context.isEntry(span)
        return span.resource.attributes.compactMap { attribute in
            let key = attribute.key
            guard Self.everySpan.contains(key) || isEntry && !Self.isNoise(key) else { return nil }
            return Attribute(key, MLflowValue.ofSpan(attribute.value, holdsJSON: false))
        }
    }

    private static let everySpan: Set = ["service.name", "host.name", "process.pid"]

    /// What MLflow leaves out of resources, too.
    private static func isNoise(_ key: String) -> Bool {
        key.hasPrefix("telemetry.sdk.") || key.hasPrefix("mlflow.")
    }
}

extension SpanRecord.Kind {
    /// The name of the kind as OpenTelemetry writes it; `nil` if the recorder did not say.
    var name: String? {
        switch self {
        case .unspecified: nil
        case .internal: "INTERNAL"
        case .server: "SERVER"
        case .client: "CLIENT"
        case .producer: "PRODUCER"
        case .consumer: "CONSUMER"
        }
    }
}

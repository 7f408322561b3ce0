import SpanLogFormat

/// Joins what one recorder said of one span at different times.
///
/// The merge joins what a trace's shape depends on in the same way: see ``PartitionJoin``.
struct SpanJoining {
    /// In the order in which they count.
    let versions: [SpanRecord]

    /// The span that the versions say.
    ///
    /// - Precondition: There is a version.
    func joined() -> SpanRecord {
        var span = versions[0]
        span.startNanoseconds = versions.map(\.startNanoseconds).min() ?? 0
        span.endNanoseconds = versions.map(\.endNanoseconds).max() ?? 0
        span.parentSpanID = versions.lazy.compactMap(\.parentSpanID).first
        span.status = status
        span.attributes = attributes(isFinished: span.endNanoseconds != 0)
        span.events = united(\.events) { event in { event.encode(into: &$0) } }
        span.links = united(\.links) { link in { link.encode(into: &$0) } }
        span.droppedAttributesCount = versions.map(\.droppedAttributesCount).max() ?? 0
        span.droppedEventsCount = versions.map(\.droppedEventsCount).max() ?? 0
        span.droppedLinksCount = versions.map(\.droppedLinksCount).max() ?? 0
        return span
    }

    /// OK beats ERROR, which beats none.
    private var status: SpanRecord.Status {
        for code in [SpanRecord.Status.Code.ok, .error] {
            if let version = versions.first(where: { $0.status.code == code }) {
                return version.status
            }
        }
        return versions[0].status
    }

    /// All attributes; of two values under one key, the lower one stands under `conflict.<key>`.
    private func attributes(isFinished: Bool) -> [Attribute] {
        var result: [Attribute] = []
        var values: [String: Set<[UInt8]>] = [:]
        for attribute in versions.flatMap(\.attributes) {
            // A sign of life is of no interest once the end is known.
            if isFinished, attribute.key == AttributeKey.lastSeen { continue }
            let value = Self.encoded { $0.attributeValue(attribute.value) }
            let knownCount = values[attribute.key]?.count ?? 0
            guard values[attribute.key, default: []].insert(value).inserted else { continue }
            let suffix = knownCount > 1 ? ".\(knownCount)" : ""
            let key = knownCount == 0 ? attribute.key : "conflict.\(attribute.key)\(suffix)"
            result.append(Attribute(key, attribute.value))
        }
        return result
    }

    /// Elements of all versions, each once.
    private func united<Element>(
        _ elements: (SpanRecord) -> [Element],
        _ encode: (Element) -> (inout ProtobufWriter) -> Void
    ) -> [Element] {
        var seen: Set<[UInt8]> = []
        return versions.flatMap(elements).filter {
            seen.insert(Self.encoded(encode($0))).inserted
        }
    }

    private static func encoded(_ encode: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var writer = ProtobufWriter()
        encode(&writer)
        return writer.bytes
    }
}

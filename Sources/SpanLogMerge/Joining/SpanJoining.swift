import SpanLogFormat
import SpanLogStore

/// Joins what one recorder said of one span at different times.
///
/// The result depends on the set of records alone, not on their order.
struct SpanJoining {
    private let bytes: [UInt8]
    private let versions: [Version]

    private struct Version {
        let place: UInt32
        let record: Record
        let span: SpanRecord
        let hash: UInt64
    }

    /// What came out.
    struct Result {
        let span: SpanRecord
        /// The record that counts most: it names the producer.
        let winner: UInt32
    }

    /// - Precondition: The records have been scanned, and their bytes differ.
    init(_ places: [UInt32], of data: borrowing PartitionData) throws {
        bytes = data.bytes
        var versions: [Version] = []
        for place in places {
            let record = data.records[Int(place)]
            versions.append(
                Version(
                    place: place, record: record,
                    span: try SpanRecord(decoding: data.bytes, record.range),
                    hash: Checksum.xxh3(data.bytes, record.range)))
        }
        self.versions = versions.sorted { Self.outranks($0, $1, data.bytes) }
    }

    /// Finished before unfinished, later blocks before earlier ones.
    private static func outranks(_ left: Version, _ right: Version, _ bytes: [UInt8]) -> Bool {
        let (one, other) = (left.record, right.record)
        if one.isFinished != other.isFinished { return one.isFinished }
        if one.sequence != other.sequence { return one.sequence > other.sequence }
        if left.hash != right.hash { return left.hash > right.hash }
        return bytes[other.range].lexicographicallyPrecedes(bytes[one.range])
    }

    func joined() -> Result {
        var span = versions[0].span
        span.startNanoseconds = versions.map(\.record.start).min() ?? 0
        span.endNanoseconds = versions.map(\.record.end).max() ?? 0
        span.parentSpanID = versions.lazy.compactMap(\.span.parentSpanID).first
        span.status = status
        span.attributes = attributes(isFinished: span.endNanoseconds != 0)
        span.events = united(\.events) { event in { event.encode(into: &$0) } }
        span.links = united(\.links) { link in { link.encode(into: &$0) } }
        span.droppedAttributesCount = versions.map(\.span.droppedAttributesCount).max() ?? 0
        span.droppedEventsCount = versions.map(\.span.droppedEventsCount).max() ?? 0
        span.droppedLinksCount = versions.map(\.span.droppedLinksCount).max() ?? 0
        return Result(span: span, winner: versions[0].place)
    }

    /// OK beats ERROR, which beats none.
    private var status: SpanRecord.Status {
        for code in [SpanRecord.Status.Code.ok, .error] {
            if let version = versions.first(where: { $0.span.status.code == code }) {
                return version.span.status
            }
        }
        return versions[0].span.status
    }

    /// All attributes; of two values under one key, the lower one stands under `conflict.<key>`.
    private func attributes(isFinished: Bool) -> [Attribute] {
        var result: [Attribute] = []
        var values: [String: Set<[UInt8]>] = [:]
        for attribute in versions.flatMap(\.span.attributes) {
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
        return versions.flatMap { elements($0.span) }.filter {
            seen.insert(Self.encoded(encode($0))).inserted
        }
    }

    private static func encoded(_ encode: (inout ProtobufWriter) -> Void) -> [UInt8] {
        var writer = ProtobufWriter()
        encode(&writer)
        return writer.bytes
    }
}

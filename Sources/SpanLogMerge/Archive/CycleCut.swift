import SpanLogFormat

/// Cuts cycles of parents where times are corrected: the archive has them cut by recorded times, since
/// it does not depend on corrections.
struct CycleCut {
    private var spans: [ArchivedSpan]
    private let places: [SpanID: Int]

    /// The spans with each cycle cut at the member with the least corrected start.
    static func corrected(_ spans: [ArchivedSpan]) -> [ArchivedSpan] {
        let cut = spans.indices.filter { Self.oldParent(of: spans[$0].record) != nil }
        guard !cut.isEmpty else { return spans }
        var cuts = CycleCut(spans)
        for index in cut { cuts.move(index) }
        return cuts.spans
    }

    private init(_ spans: [ArchivedSpan]) {
        self.spans = spans
        places = Dictionary(
            spans.enumerated().map { ($1.record.spanID, $0) },
            uniquingKeysWith: { first, _ in first })
    }

    private static func oldParent(of record: SpanRecord) -> SpanID? {
        guard record.parentSpanID == nil,
            let text = record.attributes.text(for: AttributeKey.cycleParentSpanID)
        else { return nil }
        return SpanID(hexadecimal: text)
    }

    /// Moves the cut of the cycle that the span at `index` is a member of.
    private mutating func move(_ index: Int) {
        guard let parent = Self.oldParent(of: spans[index].record),
            let members = members(from: parent, to: index),
            let least = members.min(by: { key($0) < key($1) }), least != index,
            let newlyCut = spans[least].record.parentSpanID
        else { return }
        change(index) { record in
            record.parentSpanID = parent
            record.attributes.removeAll { $0.key == AttributeKey.cycleParentSpanID }
        }
        change(least) { record in
            record.parentSpanID = nil
            record.attributes.append(
                Attribute(AttributeKey.cycleParentSpanID, .string(newlyCut.description)))
        }
    }

    /// The places of the spans from `parent` upwards to the one at `last`, or `nil` if it is not there.
    private func members(from parent: SpanID, to last: Int) -> [Int]? {
        var members: [Int] = []
        var next: SpanID? = parent
        while let id = next, let place = places[id], members.count < spans.count {
            members.append(place)
            if place == last { return members }
            next = spans[place].record.parentSpanID
        }
        return nil
    }

    private func key(_ index: Int) -> (UInt64, SpanID) {
        (spans[index].record.startNanoseconds, spans[index].record.spanID)
    }

    private mutating func change(_ index: Int, _ body: (inout SpanRecord) -> Void) {
        let span = spans[index]
        var record = span.record
        body(&record)
        spans[index] = ArchivedSpan(
            record: record, resource: span.resource, recorderID: span.recorderID,
            clock: span.clock)
    }
}

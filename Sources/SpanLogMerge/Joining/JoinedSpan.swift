import SpanLogFormat

/// A span on its way into the archive: a record, or what several are joined into.
struct JoinedSpan {
    /// The identifier of its records: what a trace's spans are ordered by.
    let key: UInt64
    /// The same, unless another span has a better claim to it.
    var spanID: UInt64
    /// 0 for none.
    var parentID: UInt64
    var start: UInt64
    /// 0 for a span whose end was never recorded.
    var end: UInt64
    /// The record's place among those of the partition: the one that names the producer.
    var record: UInt32
    var producer: UInt32
    var kind: UInt8
    var traits: Record.Traits
    /// The place among the changes of the trace, or -1 for a record that is kept as it is.
    var change: Int32 = -1

    init(_ record: Record, at place: UInt32) {
        key = record.spanID
        spanID = record.spanID
        parentID = record.parentID
        start = record.start
        end = record.end
        self.record = place
        producer = record.producer
        kind = record.kind
        traits = record.traits
    }

    /// The order of a trace's spans.
    @inline(__always)
    var order: UInt64 { Mix.mix(key) }

    /// Whether the span is the other side of its parent's call.
    var isAnswer: Bool {
        kind == Self.server || kind == Self.consumer || traits.contains(.isParentRemote)
    }

    static let server: UInt8 = 2
    static let client: UInt8 = 3
    static let producerKind: UInt8 = 4
    static let consumer: UInt8 = 5
}

/// How a span differs from its records.
struct SpanChange {
    /// The places of the records that the span was made of, in the order in which they count.
    var originals: [UInt32]
    /// Whether it has another identifier than the records say, or another parent.
    var hasNewID = false
    var hasNewParent = false
    /// What is added to those of the records.
    var attributes: [Attribute] = []
}

import SpanLogFormat

/// An entry of the table `traces`: where the records of a trace are, and what became of them.
enum ArchivedTraceEntry {
    private typealias Field = ArchiveFormat.Trace

    /// Where a record is.
    struct Place: Comparable {
        let block: UInt64
        let index: UInt64

        static func < (left: Place, right: Place) -> Bool {
            (left.block, left.index) < (right.block, right.index)
        }
    }

    /// A span, which is its first record unless it was joined or changed.
    struct Span {
        let first: Place
        var change: Change?
    }

    /// How a span differs from its first record.
    struct Change {
        /// The other records, in the order in which they count.
        var others: [Place] = []
        var spanID: SpanID?
        /// Zero takes the parent away.
        var parentSpanID: SpanID?
        var attributes: [Attribute] = []

        func changed(_ record: SpanRecord) -> SpanRecord {
            var record = record
            if let spanID { record.spanID = spanID }
            if let parentSpanID {
                record.parentSpanID = parentSpanID.isValid ? parentSpanID : nil
            }
            record.attributes += attributes
            return record
        }
    }

    static func traceID(in bytes: [UInt8], _ range: Range<Int>) throws(FormatError) -> TraceID {
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            guard field.number == Field.id else { continue }
            return try reader.traceID(field.value)
        }
        throw FormatError("a trace does not say which it is")
    }

    static func part(in bytes: [UInt8], _ range: Range<Int>) throws(FormatError) -> UInt32 {
        var part: UInt64 = 0
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            if field.number == Field.part { part = try reader.number(field.value) }
        }
        guard let part = UInt32(exactly: part) else {
            throw FormatError("a trace has the impossible part \(part)")
        }
        return part
    }

    /// Records that were left out, since the record in front of each has the same bytes.
    static func twins(
        in bytes: [UInt8], _ range: Range<Int>
    ) throws(FormatError) -> [(kept: Place, other: Place)] {
        var all: [Place] = []
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            guard field.number == Field.twins else { continue }
            all += try places(bytes, try reader.range(field.value))
        }
        guard all.count.isMultiple(of: 2) else { throw FormatError("a record has half a twin") }
        return stride(from: 0, to: all.count, by: 2).map { (all[$0], all[$0 + 1]) }
    }

    static func spans(in bytes: [UInt8], _ range: Range<Int>) throws(FormatError) -> [Span] {
        var spans: [Span] = []
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            switch field.number {
            case Field.spans:
                for place in try places(bytes, try reader.range(field.value)) {
                    spans.append(Span(first: place))
                }
            case Field.changedSpan: spans.append(try span(bytes, try reader.range(field.value)))
            default: break
            }
        }
        return spans
    }

    private static func places(
        _ bytes: [UInt8], _ range: Range<Int>
    ) throws(FormatError) -> [Place] {
        var places: [Place] = []
        var reader = ProtobufReader(bytes, range)
        while let block = try reader.nextVarint() {
            guard let index = try reader.nextVarint() else {
                throw FormatError("a trace names half a record")
            }
            places.append(Place(block: block, index: index))
        }
        return places
    }

    private static func span(_ bytes: [UInt8], _ range: Range<Int>) throws(FormatError) -> Span {
        typealias Field = ArchiveFormat.ChangedSpan
        var records: [Place] = []
        var change = Change()
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            switch field.number {
            case Field.records: records += try places(bytes, try reader.range(field.value))
            case Field.id: change.spanID = try reader.spanID(field.value)
            case Field.parentID: change.parentSpanID = try reader.spanID(field.value)
            case Field.attributes: change.attributes.append(try reader.attribute(field.value))
            default: break
            }
        }
        guard let first = records.first else { throw FormatError("a span has no record") }
        change.others = Array(records.dropFirst())
        return Span(first: first, change: change)
    }
}

import SpanLogFormat

/// A name that a trace may have, and when the span started that gave it.
struct ClockName: Hashable, Sendable {
    var domain: Int32 = 0
    /// On the unstepped line of the domain.
    var start: UInt64
    var spanID: UInt64 = 0
    var name: [UInt8] = []
    /// Whether the span that started last counts, and not the first one.
    var isOfLast = false

    private enum Field {
        static let domain = 1
        static let start = 2
        static let spanID = 3
        static let name = 4
        static let isOfLast = 5
    }

    func encode(
        from start: UInt64, isOfLast: Bool, into writer: inout ProtobufWriter
    ) {
        writer.message(TraceSummary.Field.clockName) { writer in
            writer.uint64(Field.domain, UInt64(domain))
            writer.uint64(
                Field.start, ZigZag.encoded(Int64(bitPattern: self.start &- start)))
            writer.fixed64(Field.spanID, spanID)
            writer.data(Field.name, name)
            if isOfLast { writer.uint64(Field.isOfLast, 1) }
        }
    }
}

extension ClockName {
    /// Reads a name of a summary; its time is a difference to the summary's start.
    init(decoding bytes: [UInt8], _ range: Range<Int>, from start: UInt64) throws(FormatError) {
        self.init(start: start)
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            switch field.number {
            case Field.name: name = Array(bytes[try reader.range(field.value)])
            case Field.domain: domain = Int32(clamping: try reader.number(field.value))
            case Field.start:
                let difference = ZigZag.decoded(try reader.number(field.value))
                self.start = start &+ UInt64(bitPattern: difference)
            case Field.spanID: spanID = try reader.number(field.value)
            case Field.isOfLast: isOfLast = try reader.number(field.value) == 1
            default: break
            }
        }
    }
}

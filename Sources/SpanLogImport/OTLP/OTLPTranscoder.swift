internal import SpanLogFormat
internal import SpanLogJSON

/// Turns OTLP's JSON into the same message of Protocol Buffers, without building either in between.
///
/// Fields come out in the order of their numbers and without values that are defaults, as every
/// writer of Protocol Buffers has them, so that spans have the same bytes whichever way they came.
struct OTLPTranscoder {
    var reader: JSONReader
    var writer: ProtobufWriter
    /// The number of spans that are in ``writer``.
    private(set) var spanCount = 0
    /// Spans that were left out since something in them is not what OTLP says, the first of them.
    private(set) var refused: [JSONFault] = []
    /// The number of all of these.
    private(set) var refusedCount = 0

    init(_ reader: JSONReader) {
        self.reader = reader
        writer = ProtobufWriter()
    }

    /// Reads the message `type` and appends its fields.
    ///
    /// - Parameter depth: How many values of attributes are open.
    mutating func message(_ type: OTLPMessage, depth: Int = 0) throws(JSONFault) {
        let schema = type.members
        let start = writer.bytes.count
        var lastNumber = 0
        var isDisordered = false
        var members = try reader.object()
        while let index = try reader.next(&members, of: schema.names) {
            let member = schema.all[index]
            if member.number < lastNumber { isDisordered = true }
            lastNumber = member.number
            if member.isRepeated {
                try elements(member, depth)
            } else {
                try value(member, depth)
            }
        }
        if isDisordered { writer.sortFields(from: start) }
    }

    /// Reads the message `type` as the field `number`.
    mutating func field(_ number: Int, _ type: OTLPMessage, depth: Int = 0) throws(JSONFault) {
        guard type != .anyValue || depth < SpanRecord.nestingMax else {
            throw JSONFault(
                reader.position, "a value nests deeper than \(SpanRecord.nestingMax) levels")
        }
        let start = writer.begin(number)
        try message(type, depth: type == .list || type == .map ? depth + 1 : depth)
        writer.end(start)
    }

    /// Checks that the text ends here.
    mutating func finish() throws(JSONFault) { try reader.finish() }

    private mutating func elements(
        _ member: OTLPMessage.Member, _ depth: Int
    ) throws(JSONFault) {
        var elements = try reader.array()
        while try reader.hasNext(&elements) {
            if case .message(.span) = member.kind {
                try span(member)
            } else {
                try value(member, depth)
            }
        }
    }

    /// Reads a span, or leaves it out if it is not what OTLP says but JSON.
    private mutating func span(_ member: OTLPMessage.Member) throws(JSONFault) {
        let before = reader
        let start = writer.bytes.count
        do {
            try field(member.number, .span)
            spanCount += 1
        } catch {
            guard !error.breaksGrammar else { throw error }
            writer.bytes.removeLast(writer.bytes.count - start)
            reader = before
            try reader.skip()
            refusedCount += 1
            if refused.count < Self.refusedMax { refused.append(error) }
        }
    }

    /// What is remembered of refused spans, one by one.
    private static let refusedMax = 1000
}

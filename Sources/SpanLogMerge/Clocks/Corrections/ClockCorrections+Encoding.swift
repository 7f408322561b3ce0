public import SpanLogFormat

extension ClockCorrections {
    private enum Field {
        static let mode = 1
        static let reference = 2
        static let domain = 3
        static let pair = 4
    }

    /// The corrections as a Protocol Buffers message; the same corrections give the same bytes.
    public func encoded() -> [UInt8] {
        var writer = ProtobufWriter()
        writer.string(Field.mode, mode)
        if let reference { writer.string(Field.reference, reference.name) }
        for domain in domains {
            writer.message(Field.domain) { domain.encode(into: &$0) }
        }
        for pair in pairs {
            writer.message(Field.pair) { pair.encode(into: &$0) }
        }
        return writer.bytes
    }

    /// Reads what ``encoded()`` wrote.
    ///
    /// - Throws: ``FormatError`` if the bytes are no corrections. Numbers that make no sense are taken
    ///   over; none of them makes a reader trap.
    public init(decoding bytes: [UInt8]) throws(FormatError) {
        var reader = ProtobufReader(bytes)
        var mode = ""
        var reference: ClockDomain?
        var domains: [DomainCorrection] = []
        var pairs: [Pair] = []
        while let field = try reader.next() {
            switch field.number {
            case Field.mode: mode = try reader.text(field.value)
            case Field.reference: reference = ClockDomain(name: try reader.text(field.value))
            case Field.domain:
                domains.append(
                    try DomainCorrection(decoding: bytes, try reader.range(field.value)))
            case Field.pair:
                pairs.append(try Pair(decoding: bytes, try reader.range(field.value)))
            default: break
            }
        }
        self.init(mode: mode, reference: reference, domains: domains, pairs: pairs)
    }
}

extension ClockCorrections.Pair {
    private enum Field {
        static let first = 1
        static let second = 2
        static let factCount = 3
        static let rejectedFactCount = 4
        static let isTwoSided = 5
        static let isInconsistent = 6
    }

    fileprivate func encode(into writer: inout ProtobufWriter) {
        writer.string(Field.first, first.name)
        writer.string(Field.second, second.name)
        writer.uint64(Field.factCount, UInt64(clamping: factCount))
        writer.uint64(Field.rejectedFactCount, UInt64(clamping: rejectedFactCount))
        writer.uint64(Field.isTwoSided, isTwoSided ? 1 : 0)
        writer.uint64(Field.isInconsistent, isInconsistent ? 1 : 0)
    }

    fileprivate init(decoding bytes: [UInt8], _ range: Range<Int>) throws(FormatError) {
        var reader = ProtobufReader(bytes, range)
        var names = ("", "")
        var numbers: [Int: UInt64] = [:]
        while let field = try reader.next() {
            switch field.number {
            case Field.first: names.0 = try reader.text(field.value)
            case Field.second: names.1 = try reader.text(field.value)
            default: numbers[field.number] = try? reader.number(field.value)
            }
        }
        self.init(
            first: ClockDomain(name: names.0), second: ClockDomain(name: names.1),
            factCount: Int(clamping: numbers[Field.factCount] ?? 0),
            rejectedFactCount: Int(clamping: numbers[Field.rejectedFactCount] ?? 0),
            isTwoSided: numbers[Field.isTwoSided] == 1,
            isInconsistent: numbers[Field.isInconsistent] == 1)
    }
}

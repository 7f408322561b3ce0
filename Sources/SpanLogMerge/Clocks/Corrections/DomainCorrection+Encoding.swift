internal import SpanLogFormat

extension DomainCorrection {
    private enum Field {
        static let domain = 1
        static let method = 2
        static let frame = 3
        static let isBounded = 4
        static let isBoundedInFrame = 5
        static let piece = 6
        static let knots = 7
        static let driftPPM = 8
        static let residualDriftPPM = 9
        static let factCount = 10
        static let rejectedFactCount = 11
        static let stepCount = 12
    }

    func encode(into writer: inout ProtobufWriter) {
        writer.string(Field.domain, domain.name)
        writer.string(Field.method, method.rawValue)
        writer.string(Field.frame, frame.name)
        writer.uint64(Field.isBounded, isBounded ? 1 : 0)
        writer.uint64(Field.isBoundedInFrame, isBoundedInFrame ? 1 : 0)
        for piece in line.pieces {
            writer.message(Field.piece) { piece.encode(into: &$0) }
        }
        writer.message(Field.knots) { Knot.encode(knots, into: &$0) }
        writer.fixed64(Field.driftPPM, driftPPM.bitPattern)
        writer.fixed64(Field.residualDriftPPM, residualDriftPPM.bitPattern)
        writer.uint64(Field.factCount, UInt64(clamping: factCount))
        writer.uint64(Field.rejectedFactCount, UInt64(clamping: rejectedFactCount))
        writer.uint64(Field.stepCount, UInt64(clamping: line.stepCount))
    }

    init(decoding bytes: [UInt8], _ range: Range<Int>) throws(FormatError) {
        var reader = ProtobufReader(bytes, range)
        var texts: [Int: String] = [:]
        var numbers: [Int: UInt64] = [:]
        var pieces: [ClockLine.Piece] = []
        var knots: [Knot] = []
        while let field = try reader.next() {
            switch field.number {
            case Field.domain, Field.method, Field.frame:
                texts[field.number] = try reader.text(field.value)
            case Field.piece:
                pieces.append(try .init(decoding: bytes, try reader.range(field.value)))
            case Field.knots:
                knots += try Knot.knots(decoding: bytes, try reader.range(field.value))
            default: numbers[field.number] = try? reader.number(field.value)
            }
        }
        guard let domain = texts[Field.domain], let name = texts[Field.method],
            let method = ClockMethod(rawValue: name)
        else {
            throw FormatError("a correction of a clock names no domain or no known method")
        }
        self.init(domain: ClockDomain(name: domain), method: method)
        frame = ClockDomain(name: texts[Field.frame] ?? domain)
        isBounded = numbers[Field.isBounded] == 1
        isBoundedInFrame = numbers[Field.isBoundedInFrame] == 1
        guard pieces.count <= ClockLine.pieceMax else {
            throw FormatError("a correction of a clock has more steps than can be undone")
        }
        line = ClockLine(
            pieces: pieces, stepCount: Int(clamping: numbers[Field.stepCount] ?? 0))
        self.knots = knots
        driftPPM = Double(bitPattern: numbers[Field.driftPPM] ?? 0)
        residualDriftPPM = Double(bitPattern: numbers[Field.residualDriftPPM] ?? 0)
        factCount = Int(clamping: numbers[Field.factCount] ?? 0)
        rejectedFactCount = Int(clamping: numbers[Field.rejectedFactCount] ?? 0)
    }
}

extension DomainCorrection.Knot {
    private enum Field {
        static let time = 1
        static let offset = 2
        static let bound = 3
    }

    /// Three fields for each knot, of which time and offset say how they differ from the knot before.
    fileprivate static func encode(_ knots: [Self], into writer: inout ProtobufWriter) {
        var (time, offset): (Int64, Int64) = (0, 0)
        for knot in knots {
            writer.uint64(Field.time, ZigZag.encoded(knot.time &- time))
            writer.uint64(Field.offset, ZigZag.encoded(knot.offsetNanoseconds &- offset))
            writer.uint64(Field.bound, knot.boundNanoseconds)
            (time, offset) = (knot.time, knot.offsetNanoseconds)
        }
    }

    /// A knot ends with its bound.
    fileprivate static func knots(
        decoding bytes: [UInt8], _ range: Range<Int>
    ) throws(FormatError) -> [Self] {
        var reader = ProtobufReader(bytes, range)
        var knots: [Self] = []
        var (time, offset): (Int64, Int64) = (0, 0)
        while let field = try reader.next() {
            let number = try reader.number(field.value)
            switch field.number {
            case Field.time: time &+= ZigZag.decoded(number)
            case Field.offset: offset &+= ZigZag.decoded(number)
            case Field.bound:
                knots.append(
                    Self(time: time, offsetNanoseconds: offset, boundNanoseconds: number))
            default: break
            }
        }
        return knots
    }
}

extension ClockLine.Piece {
    private enum Field {
        static let first = 1
        static let last = 2
        static let offset = 3
        static let shift = 4
    }

    fileprivate func encode(into writer: inout ProtobufWriter) {
        writer.uint64(Field.first, ZigZag.encoded(first))
        writer.uint64(Field.last, ZigZag.encoded(last))
        writer.uint64(Field.offset, ZigZag.encoded(offset))
        writer.uint64(Field.shift, ZigZag.encoded(shift))
    }

    fileprivate init(decoding bytes: [UInt8], _ range: Range<Int>) throws(FormatError) {
        var reader = ProtobufReader(bytes, range)
        var numbers: [Int: Int64] = [:]
        while let field = try reader.next() {
            numbers[field.number] = ZigZag.decoded(try reader.number(field.value))
        }
        self.init(
            first: numbers[Field.first] ?? 0, last: numbers[Field.last] ?? 0,
            offset: numbers[Field.offset] ?? 0, shift: numbers[Field.shift] ?? 0)
    }
}

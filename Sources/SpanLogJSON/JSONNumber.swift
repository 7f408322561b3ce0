/// What numbers say that JSON spells, in a token of their own or as a string.
package enum JSONNumber {
    /// The integer that `range` of `bytes` spells, if 64 bits with a sign can hold it. A fraction of
    /// zeros and an exponent are allowed, as Protocol Buffers' mapping allows them.
    package static func signed(_ bytes: [UInt8], _ range: Range<Int>) -> Int64? {
        let isNegative = range.first.map { bytes[$0] == UInt8(ascii: "-") } ?? false
        let digits = isNegative ? range.lowerBound + 1..<range.upperBound : range
        if let magnitude = magnitude(bytes, digits) {
            if isNegative { return Int64(exactly: -Int128(magnitude)) }
            return Int64(exactly: magnitude)
        }
        guard let number = double(bytes, range) else { return nil }
        return Int64(exactly: number)
    }

    /// The same, without a sign.
    package static func unsigned(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64? {
        if let magnitude = magnitude(bytes, range) { return magnitude }
        guard let number = double(bytes, range) else { return nil }
        return UInt64(exactly: number)
    }

    /// The number that `range` of `bytes` spells, `NaN`, `Infinity` and `-Infinity` included.
    package static func double(_ bytes: [UInt8], _ range: Range<Int>) -> Double? {
        guard (1...lengthMax).contains(range.count) else { return nil }
        let text = String(decoding: bytes[range], as: UTF8.self)
        switch text {
        case "NaN": return .nan
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        default:
            // Swift reads hexadecimal numbers and "inf" too.
            guard bytes[range].allSatisfy(isOfNumber) else { return nil }
            return Double(text)
        }
    }

    /// `nil` unless there are digits alone and 64 bits hold them.
    private static func magnitude(_ bytes: [UInt8], _ range: Range<Int>) -> UInt64? {
        guard (1...20).contains(range.count) else { return nil }
        var result: UInt64 = 0
        for index in range {
            guard JSONCharacter.isDigit(bytes[index]) else { return nil }
            let (product, isTooLarge) = result.multipliedReportingOverflow(by: 10)
            let (sum, isOver) = product.addingReportingOverflow(
                UInt64(bytes[index] - UInt8(ascii: "0")))
            guard !isTooLarge, !isOver else { return nil }
            result = sum
        }
        return result
    }

    private static func isOfNumber(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "e"),
            UInt8(ascii: "E"):
            true
        default: JSONCharacter.isDigit(byte)
        }
    }

    /// No number that means anything is longer.
    private static let lengthMax = 400
}

import FoundationEssentials
import SpanLogFormat

extension AttributeValue {
    /// The value as JSON text. Bytes become a string in base64, numbers that are none `NaN`,
    /// `Infinity` or `-Infinity`, as Python spells them.
    var jsonText: String {
        var bytes: [UInt8] = []
        appendJSON(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func appendJSON(to bytes: inout [UInt8]) {
        switch self {
        case .empty: bytes += "null".utf8
        case .string(let text): bytes += JSONText.quoted(text.utf8)
        case .bool(let flag): bytes += (flag ? "true" : "false").utf8
        case .int(let number): bytes += String(number).utf8
        case .double(let number): bytes += number.pythonText.utf8
        case .bytes(let data): bytes += JSONText.quoted(data.base64.utf8)
        case .array(let values):
            bytes.append(UInt8(ascii: "["))
            for (index, value) in values.enumerated() {
                if index > 0 { bytes += ", ".utf8 }
                value.appendJSON(to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        case .map(let entries):
            bytes.append(UInt8(ascii: "{"))
            for (index, entry) in entries.enumerated() {
                if index > 0 { bytes += ", ".utf8 }
                bytes += JSONText.quoted(entry.key.utf8) + ": ".utf8
                entry.value.appendJSON(to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }
}

extension Double {
    /// The number as JSON has it, or the word that Python prints where JSON has none.
    var pythonText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Infinity" : "Infinity" }
        return description
    }
}

extension [UInt8] {
    /// The bytes in base64, with padding.
    var base64: String { Data(self).base64EncodedString() }
}

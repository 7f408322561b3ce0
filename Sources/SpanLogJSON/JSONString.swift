/// What a JSON string spells.
package enum JSONString {
    /// Appends the characters of the string whose inside is `range` of `bytes`, as UTF-8. What is no
    /// Unicode, such as half of a pair of surrogates, becomes U+FFFD.
    ///
    /// - Precondition: The string is a token, so its escapes are whole.
    /// - Complexity: O(*n*) in its bytes.
    package static func append(
        _ bytes: [UInt8], _ range: Range<Int>, to result: inout [UInt8]
    ) {
        let spelled = bytes[range]
        if spelled.allSatisfy({ $0 < 0x80 && $0 != backslash }) {
            result.append(contentsOf: spelled)
            return
        }
        guard spelled.contains(backslash) else {
            // Swift's decoding repairs what is no UTF-8.
            result.append(contentsOf: String(decoding: spelled, as: UTF8.self).utf8)
            return
        }
        appendEscaped(bytes, range, to: &result)
    }

    /// The characters of the string whose inside is `range` of `bytes`.
    package static func text(_ bytes: [UInt8], _ range: Range<Int>) -> String {
        var result: [UInt8] = []
        append(bytes, range, to: &result)
        return String(decoding: result, as: UTF8.self)
    }

    private static func appendEscaped(
        _ bytes: [UInt8], _ range: Range<Int>, to result: inout [UInt8]
    ) {
        var position = range.lowerBound
        while position < range.upperBound {
            let end = bytes[position..<range.upperBound].firstIndex(of: backslash)
            let plain = bytes[position..<(end ?? range.upperBound)]
            result.append(contentsOf: String(decoding: plain, as: UTF8.self).utf8)
            guard let end, end + 1 < range.upperBound else { return }
            position = end + 2
            let letter = bytes[end + 1]
            guard letter == UInt8(ascii: "u") else {
                result.append(character(letter))
                continue
            }
            let scalar = scalar(bytes, &position, range.upperBound)
            result.append(contentsOf: String(Character(scalar)).utf8)
        }
    }

    private static func character(_ letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: letter
        }
    }

    /// The character of one `\u` escape or of two that belong together.
    ///
    /// - Parameter position: Behind the `u`; moved behind the digits.
    private static func scalar(
        _ bytes: [UInt8], _ position: inout Int, _ end: Int
    ) -> Unicode.Scalar {
        let first = unit(bytes, position, end)
        position += 4
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, position + 6 <= end, bytes[position] == backslash,
            bytes[position + 1] == UInt8(ascii: "u")
        else { return replacement }
        let second = unit(bytes, position + 2, end)
        guard (0xDC00..<0xE000).contains(second) else { return replacement }
        position += 6
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? replacement
    }

    private static func unit(_ bytes: [UInt8], _ position: Int, _ end: Int) -> UInt32 {
        guard position + 4 <= end else { return 0xFFFD }
        return bytes[position..<position + 4].reduce(0) {
            $0 << 4 | UInt32(JSONCharacter.value($1))
        }
    }

    private static let backslash = UInt8(ascii: "\\")
    private static let replacement: Unicode.Scalar = "\u{FFFD}"
}

extension JSONCharacter {
    /// The value of a hexadecimal digit of either case.
    package static func value(_ digit: UInt8) -> UInt8 {
        isDigit(digit) ? digit - UInt8(ascii: "0") : (digit | 0x20) &- UInt8(ascii: "a") &+ 10
    }
}

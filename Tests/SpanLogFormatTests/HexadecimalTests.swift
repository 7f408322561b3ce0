import SpanLogFormat
import SpanLogTestSupport
import Testing

@Suite struct HexadecimalTests {
    @Test func `every byte is spelled by two digits that spell it again`() {
        let bytes = (0...255).map { UInt8($0) }
        let text = Hexadecimal.string(bytes)
        #expect(text.hasPrefix("000102030405060708090a0b0c0d0e0f10"))
        #expect(text.hasSuffix("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"))
        #expect(Hexadecimal.bytes(text) == bytes)
        #expect(Hexadecimal.string([UInt8]()) == "")
        #expect(Hexadecimal.bytes("") == [])
    }

    @Test func `only the 16 lower-case digits have a value`() {
        let digits = Array("0123456789abcdef".utf8)
        for byte in UInt8.min...UInt8.max {
            let expected = digits.firstIndex(of: byte).map { UInt8($0) }
            #expect(Hexadecimal.value(of: byte) == expected)
        }
    }

    @Test(arguments: ["0", "abc", "0g", "AB", "é", "0\u{301}0"])
    func `text that is no pairs of digits is refused`(text: String) {
        #expect(Hexadecimal.bytes(text) == nil)
    }

    @Test func `numbers keep all 64 bits`() {
        var generator = SeededGenerator(seed: 2)
        for number in [0, 1, .max, 1 << 63] + (0..<100).map({ _ in generator.next() }) {
            let digits = Hexadecimal.digits(number)
            #expect(digits.count == 16)
            #expect(Hexadecimal.number(digits[...]) == number)
            #expect(UInt64(String(decoding: digits, as: UTF8.self), radix: 16) == number)
        }
        #expect(Hexadecimal.number(Array("123".utf8)[...]) == nil)
    }

    @Test func `the bytes of numbers are those of the machine's own order`() {
        #expect(UInt32(0x0102_0304).bigEndianBytes == [1, 2, 3, 4])
        #expect(UInt32(0x0102_0304).littleEndianBytes == [4, 3, 2, 1])
        #expect(UInt64.max.littleEndianBytes == [UInt8](repeating: 255, count: 8))
        let bytes: [UInt8] = [9, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9]
        #expect(UInt64(littleEndianIn: bytes, at: 2) == 0x0807_0605_0403_0201)
        #expect(UInt16(littleEndianIn: bytes[3...], at: 1) == 0x0403)
        #expect(UInt64(bigEndianBytes: bytes[2..<10]) == 0x0102_0304_0506_0708)
    }
}

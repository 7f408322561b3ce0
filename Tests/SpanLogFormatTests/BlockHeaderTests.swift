import SpanLogFormat
import SpanLogTestSupport
import Testing

@Suite struct BlockHeaderTests {
    static let example: BlockHeader = {
        var drops = DropCounters()
        drops.bufferFull = 0xE0E1_E2E3_E4E5_E6E7
        drops.writeFailed = 0xF0F1_F2F3_F4F5_F6F7
        drops.tooLarge = 0x0102_0304_0506_0708
        drops.afterShutdown = 0x1112_1314_1516_1718
        drops.redactionFailed = 0x8182_8384_8586_8788
        return BlockHeader(
            recorderID: RecorderID(bytes: Array(UInt8(1)...16))!,
            sequence: 0xA0A1_A2A3_A4A5_A6A7, spanCount: 0xB0B1_B2B3, payloadByteCount: 0x7071_7273,
            earliestNanoseconds: 0x2021_2223_2425_2627, latestNanoseconds: 0x3031_3233_3435_3637,
            anchor: ClockAnchor(
                bootID: Array(101...116), realtimeNanoseconds: 0x4041_4243_4445_4647,
                boottimeNanoseconds: 0x5051_5253_5455_5657,
                uncertaintyNanoseconds: 0x6061_6263_6465_6667),
            drops: drops)
    }()

    /// The table of FileFormat.md, by hand: offset, bytes of the example, meaning.
    static let layout: [(offset: Int, bytes: [UInt8], field: String)] = [
        (0, Array("SPLGBLK1".utf8), "magic"),
        (8, [0, 0, 0, 0, 0, 0, 0, 0], "checksum, not known yet"),
        (16, [1, 0], "version"),
        (18, [0], "codec"),
        (19, [0], "flags"),
        (20, [192, 0, 0, 0], "length of the header"),
        (24, [0xA7, 0xA6, 0xA5, 0xA4, 0xA3, 0xA2, 0xA1, 0xA0], "sequence"),
        (32, Array(1...16), "recorder"),
        (48, Array(101...116), "boot"),
        (64, [0xB3, 0xB2, 0xB1, 0xB0], "spans"),
        (68, [0, 0, 0, 0], "zero"),
        (72, [0x73, 0x72, 0x71, 0x70, 0, 0, 0, 0], "stored bytes"),
        (80, [0x73, 0x72, 0x71, 0x70, 0, 0, 0, 0], "decompressed bytes"),
        (88, [0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21, 0x20], "least start"),
        (96, [0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31, 0x30], "greatest end"),
        (104, [0x47, 0x46, 0x45, 0x44, 0x43, 0x42, 0x41, 0x40], "CLOCK_REALTIME"),
        (112, [0x57, 0x56, 0x55, 0x54, 0x53, 0x52, 0x51, 0x50], "CLOCK_BOOTTIME"),
        (120, [0x67, 0x66, 0x65, 0x64, 0x63, 0x62, 0x61, 0x60], "uncertainty"),
        (128, [0xE7, 0xE6, 0xE5, 0xE4, 0xE3, 0xE2, 0xE1, 0xE0], "drops: memory full"),
        (136, [0xF7, 0xF6, 0xF5, 0xF4, 0xF3, 0xF2, 0xF1, 0xF0], "drops: writing failed"),
        (144, [8, 7, 6, 5, 4, 3, 2, 1], "drops: too large"),
        (152, [0x18, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11], "drops: after shutdown"),
        (160, [UInt8](repeating: 0, count: 8), "not dropped, but not among the open spans"),
        (168, [0x88, 0x87, 0x86, 0x85, 0x84, 0x83, 0x82, 0x81], "stored without content"),
        (176, [UInt8](repeating: 0, count: 16), "zero"),
    ]

    @Test func `every byte stands where the documentation says`() {
        let bytes = Self.example.encoded()
        #expect(bytes.count == 192)
        var next = 0
        for (offset, expected, field) in Self.layout {
            #expect(offset == next, "a hole in the table before \(field)")
            #expect(Array(bytes[offset..<offset + expected.count]) == expected, "\(field)")
            next = offset + expected.count
        }
        #expect(next == bytes.count)
    }

    @Test func `a header is decoded to what was encoded, also from the middle of bytes`() throws {
        let bytes = Self.example.encoded()
        #expect(try BlockHeader(decoding: bytes[...]) == Self.example)
        let middle = ([1, 2, 3] + bytes + [4, 5])[3...]
        #expect(try BlockHeader(decoding: middle) == Self.example)
    }

    @Test func `readers ignore the bytes that are zero`() throws {
        var bytes = Self.example.encoded()
        bytes[19] = 0xFE
        for offset in [68, 71, 176, 191] { bytes[offset] = 0xFF }
        #expect(try BlockHeader(decoding: bytes[...]) == Self.example)
    }

    @Test func `a flag says that the spans were received`() throws {
        var header = Self.example
        header.isReceived = true
        let bytes = header.encoded()
        #expect(bytes[19] == 1)
        #expect(try BlockHeader(decoding: bytes[...]) == header)
        #expect(header != Self.example)
    }

    @Test(
        arguments: [
            (0, 0x73, "does not begin as one"), (7, 0x32, "does not begin as one"),
            (16, 2, "format 2"), (16, 0, "format 0"), (17, 1, "format 257"),
            (18, 2, "unknown codec"), (72, 0, "contradict"), (20, 191, "impossible length"),
            (23, 1, "impossible length"),
            (75, 0x81, "impossible length"), (79, 1, "impossible length"),
            (83, 0x81, "impossible length"), (80, 0, "contradict"), (87, 0xFF, "impossible length"),
        ] as [(Int, UInt8, String)])
    func `a changed header is refused with the reason`(
        offset: Int, byte: UInt8, reason: String
    ) {
        var bytes = Self.example.encoded()
        bytes[offset] = byte
        let error = #expect(throws: FormatError.self) { try BlockHeader(decoding: bytes[...]) }
        #expect(error?.message.contains(reason) == true)
    }

    @Test func `a header that is cut off anywhere is refused`() {
        let bytes = Self.example.encoded()
        for count in 0..<bytes.count {
            #expect(throws: FormatError.self) { try BlockHeader(decoding: bytes[..<count]) }
        }
    }

    @Test func `lost spans are added up, and forged counters do no harm`() {
        var drops = DropCounters()
        #expect(drops.total == 0)
        drops.bufferFull = 1
        drops.writeFailed = 2
        drops.tooLarge = 3
        drops.afterShutdown = 4
        #expect(drops.total == 10)
        drops.bufferFull = .max
        #expect(drops.all == [.max, 2, 3, 4, 0, 0])
        _ = drops.total
    }
}

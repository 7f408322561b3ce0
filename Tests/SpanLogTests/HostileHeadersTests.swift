import SpanLog
import SpanLogTestSupport
import Testing

@Suite struct HostileHeadersTests {
    /// A quarter of a million headers for each seed.
    @Test(.timeLimit(.minutes(10)), arguments: [UInt64(1), 2, 3, 4])
    func `no header crashes a parser, and what is read is read again`(seed: UInt64) {
        var headers = HostileHeaders(seed: seed)
        for _ in 0..<250_000 {
            let header = headers.next()
            // An expectation for each header would take longer than all else.
            if !isReadAgain(header) { Issue.record("not read again: \(header.debugDescription)") }
        }
    }

    private func isReadAgain(_ header: String) -> Bool {
        if let parent = TraceParent(parsing: header) {
            guard TraceParent(parsing: parent.headerValue) == parent else { return false }
        }
        if let state = TraceState(parsing: header), !state.isEmpty {
            let sent = state.headerValue(lengthMax: .max)
            guard TraceState(parsing: sent) == state else { return false }
        }
        let baggage = Baggage(parsing: header)
        return baggage.isEmpty || Baggage(parsing: baggage.headerValue) == baggage
    }

    @Test func `whatever is received, what is sent is short and printable`() {
        var headers = HostileHeaders(seed: 5)
        for _ in 0..<20_000 {
            let header = headers.next()
            let parent = TraceParent(parsing: header)?.headerValue ?? ""
            let state = TraceState(parsing: header)?.headerValue() ?? ""
            let baggage = Baggage(parsing: header).headerValue
            if parent.utf8.count > 55 || state.utf8.count > 512 || baggage.utf8.count > 8192
                || !isPrintable(parent + state + baggage)
            {
                Issue.record("sent: \((parent, state, baggage)) for \(header.debugDescription)")
            }
        }
    }

    private func isPrintable(_ sent: String) -> Bool {
        sent.utf8.allSatisfy { (0x20...0x7e).contains($0) || $0 == UInt8(ascii: "\t") }
    }
}

/// Headers as nobody should send them.
private struct HostileHeaders {
    private var generator: SeededGenerator

    private static let valid = [
        "00-8f3c1d0a5be742969d10ac44e7b2905c-61c7a2f09b34d85e-01",
        "cc-8f3c1d0a5be742969d10ac44e7b2905c-61c7a2f09b34d85e-01-x",
        "a=1,b@c= 2 ,d_/*=3", "key=value", " a=1 , ,b=2\t",
        "user=Zo%C3%AB;ttl=60,id=%F0%9F%99%82", "a=1;p;q=%41, b = %FF",
    ].map { Array($0.utf8) }

    private static let pieces = [
        "a", "b", "1", "=", "=", ",", ",", ";", "%", "%C3", "%a9", "%FF", "-", "00-", " ", "\t",
        "@", "\"", "\\", "\0", "\r\n", "é", "e\u{301}", "🙂", "\u{212a}", "\u{fffd}", "a=1,", "b=2;",
    ]

    init(seed: UInt64) {
        self.generator = SeededGenerator(seed: seed)
    }

    mutating func next() -> String {
        switch generator.below(16) {
        case 0..<7: changed(generator.element(of: Self.valid))
        case 7..<13: joined(count: generator.below(8))
        case 13..<15: noise(count: generator.below(16))
        default: generator.below(500) == 0 ? long() : noise(count: 2)
        }
    }

    /// A valid header with up to three bytes changed, removed, inserted or cut off.
    private mutating func changed(_ valid: [UInt8]) -> String {
        var bytes = valid
        for _ in 0..<(1 + generator.below(3)) where !bytes.isEmpty {
            let index = generator.below(bytes.count)
            switch generator.below(8) {
            case 0..<3: bytes[index] = generator.byte()
            case 3: bytes[index] = bytes[generator.below(bytes.count)]
            case 4: bytes.remove(at: index)
            case 5: bytes.insert(generator.byte() & 0x7f, at: index)
            case 6: bytes.removeLast(bytes.count - index)
            default: bytes[index] ^= 1 << UInt8(generator.below(8))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Pieces of headers in any order.
    private mutating func joined(count: Int) -> String {
        var header = ""
        for _ in 0..<count { header += generator.element(of: Self.pieces) }
        return header
    }

    private mutating func noise(count: Int) -> String {
        var bytes: [UInt8] = []
        for _ in 0..<count { bytes.append(generator.byte()) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Up to some 40,000 characters of the same few.
    private mutating func long() -> String {
        String(repeating: joined(count: 1 + generator.below(4)), count: generator.below(10_000))
    }
}

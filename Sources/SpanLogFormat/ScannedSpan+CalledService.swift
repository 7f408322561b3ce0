extension ScannedSpan {
    /// The name or address of the service that a client span called, in UTF-8, empty if there is
    /// none: see ``appendCalledService(in:_:to:)``, which allocates less.
    ///
    /// - Precondition: The span has been scanned.
    package static func calledService(in bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        var name: [UInt8] = []
        appendCalledService(in: bytes, range, to: &name)
        return name
    }

    /// Appends the name or address of the service that a client span called, in UTF-8.
    ///
    /// `name` stays as it is if the span does not say, or called a database or a broker, which keep
    /// no stores. Bytes that are not UTF-8 become U+FFFD.
    ///
    /// - Parameter range: Where the span stands, or its ``attributes``, which takes less time.
    /// - Precondition: The span has been scanned.
    /// - Complexity: O(*n*) in the number of fields and in the bytes of the name or URL. Nothing is
    ///   allocated but what `name` needs, unless the name is not ASCII.
    package static func appendCalledService(
        in bytes: Span<UInt8>, _ range: Range<Int>, to name: inout [UInt8]
    ) {
        var called = CalledAttributes()
        var cursor = WireCursor(range)
        while let field = try? cursor.next(bytes) {
            guard field.number == OTLPField.Span.attributes, let range = try? field.range
            else { continue }
            let (key, value) = WireValue.keyValue(bytes, range)
            if called.add(bytes.extracting(key), value) { return }
        }
        called.append(bytes, to: &name)
    }
}

/// What the attributes of a client span say of the service that it called.
///
/// Of attributes with the same key the last one counts, even if it is no text. Each is where its
/// `AnyValue` stands; no bytes are an empty value.
private struct CalledAttributes {
    private var peerService = 0..<0
    private var rpcService = 0..<0
    private var server = Address()
    private var oldPeer = Address()
    private var networkPeer = Address()
    private var fullURL = 0..<0
    private var oldURL = 0..<0

    private struct Address {
        var name = 0..<0
        var port = 0..<0
    }

    /// Takes an attribute.
    ///
    /// - Returns: Whether it says that a database or a broker was called.
    mutating func add(_ key: Span<UInt8>, _ value: Range<Int>) -> Bool {
        // Few keys are as long as one of these.
        guard key.count >= 8, key.count <= 20 else { return false }
        let first = WireNumber.uint64(key, 0)
        let last = WireNumber.uint64(key, key.count - 8)
        switch key.count {
        case 8:
            if first == WireText.number("url.full") { fullURL = value }
            if first == WireText.number("http.url") { oldURL = value }
        case 9:
            return first == WireText.number("db.syste") && last == WireText.number("b.system")
        case 11:
            if first == WireText.number("rpc.serv"), last == WireText.number(".service") {
                rpcService = value
            }
            if first == WireText.number("server.p"), last == WireText.number("ver.port") {
                server.port = value
            }
        case 12:
            if first == WireText.number("peer.ser"), last == WireText.number(".service") {
                peerService = value
            }
        case 13:
            guard first == WireText.number("net.peer") else { break }
            if last == WireText.number("eer.name") { oldPeer.name = value }
            if last == WireText.number("eer.port") { oldPeer.port = value }
        case 14:
            if first == WireText.number("server.a"), last == WireText.number(".address") {
                server.name = value
            }
            return first == WireText.number("db.syste") && last == WireText.number("tem.name")
        case 16:
            return first == WireText.number("messagin") && last == WireText.number("g.system")
        case 17, 20:
            let middle = WireNumber.uint64(key, 8)
            guard first == WireText.number("network.") else { break }
            if middle == WireText.number("peer.por"), last == WireText.number("eer.port") {
                networkPeer.port = value
            }
            if middle == WireText.number("peer.add"), last == WireText.number(".address") {
                networkPeer.name = value
            }
        default: break
        }
        return false
    }
}

extension CalledAttributes {
    /// Appends a name rather than an address, and that rather than the host of a URL.
    func append(_ bytes: Span<UInt8>, to name: inout [UInt8]) {
        if let text = Self.text(bytes, peerService) ?? Self.text(bytes, rpcService) {
            return Self.append(bytes.extracting(text), to: &name)
        }
        if append(bytes, server, to: &name) || append(bytes, oldPeer, to: &name)
            || append(bytes, networkPeer, to: &name)
        {
            return
        }
        // An empty URL is one.
        let url = try? WireValue.text(bytes, fullURL) ?? WireValue.text(bytes, oldURL)
        if let url { Self.appendHost(bytes.extracting(url), to: &name) }
    }

    private func append(
        _ bytes: Span<UInt8>, _ address: Address, to name: inout [UInt8]
    ) -> Bool {
        guard let text = Self.text(bytes, address.name) else { return false }
        Self.append(
            bytes.extracting(text), port: WireValue.int(bytes, address.port), to: &name)
        return true
    }

    /// Where the text stands that an `AnyValue` holds, if there is any.
    private static func text(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Range<Int>? {
        guard !value.isEmpty, let text = try? WireValue.text(bytes, value), !text.isEmpty
        else { return nil }
        return text
    }

    private static func append(
        _ text: Span<UInt8>, port: UInt64? = nil, to name: inout [UInt8]
    ) {
        guard !WireText.isASCII(text) else { return write(text, port, to: &name) }
        write(Array(string(text).utf8).span, port, to: &name)
    }

    private static func write(_ text: Span<UInt8>, _ port: UInt64?, to name: inout [UInt8]) {
        for index in text.indices { name.append(text[index]) }
        guard let port = port.map(Int64.init(bitPattern:)) else { return }
        name.append(UInt8(ascii: ":"))
        if port < 0 { name.append(UInt8(ascii: "-")) }
        append(digitsOf: port.magnitude, to: &name)
    }

    /// Appends the digits without making a string of them first.
    private static func append(digitsOf number: UInt64, to name: inout [UInt8]) {
        if number >= 10 { append(digitsOf: number / 10, to: &name) }
        name.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }

    private static func string(_ text: Span<UInt8>) -> String {
        var bytes: [UInt8] = []
        for index in text.indices { bytes.append(text[index]) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends host and port of the URL that was asked for.
    private static func appendHost(_ url: Span<UInt8>, to name: inout [UInt8]) {
        guard WireText.isASCII(url) else { return appendHost(string(url), to: &name) }
        guard let start = authority(url) else { return }
        var end = start
        while end < url.count, !isDelimiter(url[end]) { end += 1 }
        append(url.extracting(host(url, start..<end)), to: &name)
    }

    /// The same for a URL whose delimiters may be parts of other characters.
    private static func appendHost(_ url: String, to name: inout [UInt8]) {
        guard let scheme = url.firstRange(of: "://") else { return }
        let authority = url[scheme.upperBound...].prefix { !"/?#".contains($0) }
        name.append(contentsOf: (authority.split(separator: "@").last ?? authority).utf8)
    }

    /// Where host, port and what stands in front of them begin.
    private static func authority(_ url: Span<UInt8>) -> Int? {
        let slash = UInt8(ascii: "/")
        var start = 3
        while start <= url.count {
            let isFound = url[start - 1] == slash && url[start - 2] == slash
            if isFound, url[start - 3] == UInt8(ascii: ":") { return start }
            start += 1
        }
        return nil
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    /// Names and passwords in front of the host are nobody's business.
    private static func host(_ url: Span<UInt8>, _ authority: Range<Int>) -> Range<Int> {
        let at = UInt8(ascii: "@")
        var end = authority.upperBound
        while end > authority.lowerBound, url[end - 1] == at { end -= 1 }
        guard end > authority.lowerBound else { return authority }
        var start = end
        while start > authority.lowerBound, url[start - 1] != at { start -= 1 }
        return start..<end
    }
}

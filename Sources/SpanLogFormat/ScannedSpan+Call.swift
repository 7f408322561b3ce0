extension ScannedSpan {
    /// What a span says of the call that it is one side of.
    package struct Call: Hashable, Sendable {
        /// Whether an attribute tells a failure, a timeout or a cancellation.
        package fileprivate(set) var tellsFailure = false
        /// The events that stand for a message.
        package fileprivate(set) var messageCount = 0
    }

    /// What the span at `range` says of its call, without decoding it.
    ///
    /// - Precondition: The span has been scanned.
    package static func call(in bytes: Span<UInt8>, _ range: Range<Int>) -> Call {
        (try? ScannedSpan(scanning: bytes, range))?.call ?? Call()
    }
}

extension ScannedSpan.Call {
    /// Takes what an attribute says.
    ///
    /// OpenTelemetry's semantic conventions: `error.type` stands on spans that failed only; gRPC's
    /// 1 and 4 and HTTP's 408, 499 and 504 are cancellations and timeouts, which not every library
    /// calls errors.
    @inline(__always)
    mutating func add(_ bytes: Span<UInt8>, key: Range<Int>, value: Range<Int>?) {
        // Few keys are as long as one of these.
        switch key.count {
        case 10, 16, 20, 25: tellsFailure = tellsFailure || Self.tellsFailure(bytes, key, value)
        default: break
        }
    }

    /// Takes what the name of an event says.
    mutating func add(_ bytes: Span<UInt8>, eventName: Range<Int>) {
        if Self.isMessage(bytes.extracting(eventName)) { messageCount += 1 }
    }

    /// What the keys ask is `error.type`, `http.status_code`, `rpc.grpc.status_code` and
    /// `http.response.status_code`.
    @inline(never)
    private static func tellsFailure(
        _ bytes: Span<UInt8>, _ key: Range<Int>, _ value: Range<Int>?
    ) -> Bool {
        let value = value ?? 0..<0
        let key = bytes.extracting(key)
        guard key.count >= 10 else { return false }
        let first = WireNumber.uint64(key, 0)
        let last = WireNumber.uint64(key, key.count - 8)
        if key.count == 10 {
            return first == WireText.number("error.ty") && last == WireText.number("ror.type")
        }
        guard last == WireText.number("tus_code") else { return false }
        switch key.count {
        case 16:
            return first == WireText.number("http.sta") && tellsHTTPFailure(bytes, value)
        case 20:
            guard first == WireText.number("rpc.grpc"),
                WireNumber.uint64(key, 8) == WireText.number(".status_")
            else { return false }
            let code = WireValue.int(bytes, value)
            return code == 1 || code == 4
        case 25:
            return first == WireText.number("http.res")
                && WireNumber.uint64(key, 8) == WireText.number("ponse.st")
                && WireNumber.uint64(key, 16) == WireText.number("atus_cod")
                && tellsHTTPFailure(bytes, value)
        default: return false
        }
    }

    private static func tellsHTTPFailure(_ bytes: Span<UInt8>, _ value: Range<Int>) -> Bool {
        let code = WireValue.int(bytes, value)
        return code == 408 || code == 499 || code == 504
    }

    /// Whether `text` is `message` or `rpc.message`.
    private static func isMessage(_ text: Span<UInt8>) -> Bool {
        switch text.count {
        case 7:
            return WireNumber.uint64(text, 0, count: 4) == WireText.number("mess")
                && WireNumber.uint64(text, 3, count: 4) == WireText.number("sage")
        case 11:
            return WireNumber.uint64(text, 0) == WireText.number("rpc.mess")
                && WireNumber.uint64(text, 3) == WireText.number(".message")
        default: return false
        }
    }
}

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
        case CallKey.errorTypeCount, CallKey.grpcStatusCount, CallKey.httpStatusCount,
            CallKey.oldHTTPStatusCount:
            if Self.tellsFailure(bytes, key, value ?? 0..<0) { tellsFailure = true }
        default: break
        }
    }

    /// Takes what an event says.
    mutating func add(_ bytes: Span<UInt8>, event range: Range<Int>) {
        if Self.isMessage(bytes, range) { messageCount += 1 }
    }

    private static func tellsFailure(
        _ bytes: Span<UInt8>, _ key: Range<Int>, _ value: Range<Int>
    ) -> Bool {
        if equals(bytes, key, CallKey.errorType) { return true }
        if equals(bytes, key, CallKey.grpcStatus) {
            let code = WireValue.int(bytes, value)
            return code == 1 || code == 4
        }
        guard equals(bytes, key, CallKey.httpStatus) || equals(bytes, key, CallKey.oldHTTPStatus)
        else { return false }
        let code = WireValue.int(bytes, value)
        return code == 408 || code == 499 || code == 504
    }

    private static func isMessage(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var name = 0..<0
        var cursor = WireCursor(range)
        while let field = try? cursor.next(bytes) {
            if field.number == OTLPField.Event.name { name = (try? field.range) ?? 0..<0 }
        }
        return equals(bytes, name, CallKey.message) || equals(bytes, name, CallKey.rpcMessage)
    }

    private static func equals(
        _ bytes: Span<UInt8>, _ range: Range<Int>, _ text: [UInt8]
    ) -> Bool {
        guard range.count == text.count else { return false }
        for (offset, byte) in text.enumerated() where bytes[range.lowerBound + offset] != byte {
            return false
        }
        return true
    }
}

private enum CallKey {
    static let errorType = Array("error.type".utf8)
    static let grpcStatus = Array("rpc.grpc.status_code".utf8)
    static let httpStatus = Array("http.response.status_code".utf8)
    static let oldHTTPStatus = Array("http.status_code".utf8)
    static let errorTypeCount = 10
    static let grpcStatusCount = 20
    static let httpStatusCount = 25
    static let oldHTTPStatusCount = 16
    static let message = Array("message".utf8)
    static let rpcMessage = Array("rpc.message".utf8)
}

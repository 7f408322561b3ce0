package import SpanLogFormat

/// What the header `traceparent` says: which trace, which span of it is the parent, and its flags.
package struct TraceParent: Hashable, Sendable {
    /// The trace that the request belongs to.
    package let traceID: TraceID
    /// The span of the sender that made the request.
    package let spanID: SpanID
    /// The flags of the trace, of which only those that the specification defines.
    package let flags: TraceFlags

    /// Creates what a header says or will say. Flags that the specification does not define are
    /// dropped.
    ///
    /// Both identifiers must be valid: a header with a zero in their place means nothing to its
    /// receiver, who starts a new trace.
    package init(traceID: TraceID, spanID: SpanID, flags: TraceFlags) {
        self.traceID = traceID
        self.spanID = spanID
        self.flags = flags.intersection(.known)
    }
}

extension TraceParent {
    /// Reads the value of a header `traceparent`. Blanks around it are allowed.
    ///
    /// A version above 00 is read as far as version 00 goes, and what follows is ignored.
    ///
    /// - Returns: `nil` for a value that the specification says to ignore. The receiver then
    ///   starts a new trace and does not look at `tracestate`.
    /// - Complexity: O(*n*) in the bytes of `text`.
    package init?(parsing text: String) {
        let field = Array(text.utf8)[...].strippedOfBlanks
        guard field.count >= Self.byteCount,
            let version = Self.byte(field.prefix(2)), version != 0xff,
            Self.isDash(field.dropFirst(2)),
            let traceID = TraceID(hexadecimal: field.dropFirst(3).prefix(32)),
            Self.isDash(field.dropFirst(35)),
            let spanID = SpanID(hexadecimal: field.dropFirst(36).prefix(16)),
            Self.isDash(field.dropFirst(52)),
            let flags = Self.byte(field.dropFirst(53).prefix(2))
        else { return nil }

        // Version 00 ends here. A higher one may append fields, but only behind another dash.
        let rest = field.dropFirst(Self.byteCount)
        guard rest.isEmpty || version > 0 && Self.isDash(rest) else { return nil }
        self.init(traceID: traceID, spanID: spanID, flags: TraceFlags(rawValue: flags))
    }

    /// The value of a header `traceparent` of version 00, 55 characters long.
    package var headerValue: String {
        // The known flags are the two lowest bits, so the first digit of the flags is always 0.
        "00-\(traceID)-\(spanID)-0\(flags.rawValue)"
    }

    /// The length of a value of version 00, and of the part of a higher version that is read.
    private static let byteCount = 55

    private static func isDash(_ rest: ArraySlice<UInt8>) -> Bool {
        rest.first == UInt8(ascii: "-")
    }

    private static func byte(_ digits: ArraySlice<UInt8>) -> UInt8? {
        guard let first = digits.first, let high = Hexadecimal.value(of: first),
            let last = digits.last, let low = Hexadecimal.value(of: last)
        else { return nil }
        return high << 4 | low
    }
}

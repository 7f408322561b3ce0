package import SpanLogFormat

/// What of a span says something about clocks.
///
/// Its times are on the unstepped line of its domain; see ``ClockLine``.
package struct ClockSpan: Hashable, Sendable {
    /// The role of the span in a call.
    package var role = Role.other
    /// Nanoseconds since 1970.
    package var startNanoseconds: UInt64
    /// Nanoseconds since 1970, or 0 for a span that never ended.
    package var endNanoseconds: UInt64
    /// Whether the span says that it failed: an error, a timeout or a cancellation.
    package var hasFailed = false
    /// Whether messages go to and fro while the span is open.
    package var isStreaming = false

    /// The roles that are told apart.
    package enum Role: Hashable, Sendable {
        case client
        case server
        case other
    }

    package init(
        role: Role = .other, startNanoseconds: UInt64, endNanoseconds: UInt64,
        hasFailed: Bool = false, isStreaming: Bool = false
    ) {
        self.role = role
        self.startNanoseconds = startNanoseconds
        self.endNanoseconds = endNanoseconds
        self.hasFailed = hasFailed
        self.isStreaming = isStreaming
    }
}

extension ClockSpan {
    /// The span with both times moved, as from the wall clock onto the unstepped line.
    package func moved(by offset: Int64) -> ClockSpan {
        var span = self
        span.startNanoseconds = ClockTime.moved(startNanoseconds, by: offset)
        span.endNanoseconds = endNanoseconds == 0 ? 0 : ClockTime.moved(endNanoseconds, by: offset)
        return span
    }

    /// Whether `child`, whose parent on another host this span is, tells that a request was sent no
    /// later than it was received.
    ///
    /// That is so for every remote parent, whatever the kinds and however the call ended: what is
    /// caused cannot start before its cause.
    package func requested(_ child: ClockSpan) -> Bool {
        startNanoseconds != 0 && child.startNanoseconds != 0
    }

    /// Whether this span is a client that waited for `child`, its server: so that the server had started
    /// before the client ended.
    ///
    /// It did not, or nobody knows, if
    ///
    /// - the two are no client and server: a consumer runs when it likes,
    /// - the client never ended,
    /// - the client failed, timed out or was cancelled: it may not have waited.
    ///
    /// The server's own failure is an answer like any other.
    package func waited(for child: ClockSpan) -> Bool {
        role == .client && child.role == .server && requested(child)
            && endNanoseconds >= startNanoseconds && !hasFailed
    }

    /// How the end of `child`, for which this client waited, tells of its response.
    package func answer(of child: ClockSpan) -> Answer {
        // The end of a stream is no message.
        guard waited(for: child), child.endNanoseconds >= child.startNanoseconds,
            !isStreaming, !child.isStreaming
        else { return .none }
        let isLonger =
            child.endNanoseconds - child.startNanoseconds > endNanoseconds - startNanoseconds
        return isLonger ? .outlasted : .ended
    }

    /// What a server's end is worth.
    package enum Answer: Hashable, Sendable {
        /// Nothing.
        case none
        /// The response was sent no later than that, if the server ends its spans when it sends it.
        case ended
        /// The server took longer than its client, which had given up, or the work went on: the span
        /// did not end when the response was sent.
        case outlasted
    }
}

extension ClockSpan {
    /// What `record` says. Its times still have to be brought onto the unstepped line.
    package init(_ record: SpanRecord) {
        self.init(
            startNanoseconds: record.startNanoseconds, endNanoseconds: record.endNanoseconds,
            hasFailed: record.status.code == .error
                || record.attributes.contains(where: Self.tellsFailure),
            isStreaming: record.events.count(where: Self.isMessage) > Self.messagesOfOneCall)
        switch record.kind {
        case .client: role = .client
        case .server: role = .server
        case .producer, .consumer, .internal, .unspecified: break
        }
    }

    /// OpenTelemetry's semantic conventions: `error.type` stands on spans that failed only; gRPC's
    /// 1 and 4 and HTTP's 408, 499 and 504 are cancellations and timeouts, which not every library
    /// calls errors.
    private static func tellsFailure(_ attribute: Attribute) -> Bool {
        switch (attribute.key, attribute.value) {
        case ("error.type", _): true
        case ("rpc.grpc.status_code", .int(let code)): code == 1 || code == 4
        case ("http.response.status_code", .int(let code)), ("http.status_code", .int(let code)):
            code == 408 || code == 499 || code == 504
        default: false
        }
    }

    /// One message goes each way in a call that does not stream.
    package static let messagesOfOneCall = 2

    private static func isMessage(_ event: SpanRecord.Event) -> Bool {
        event.name == "message" || event.name == "rpc.message"
    }
}

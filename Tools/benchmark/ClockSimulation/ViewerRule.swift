internal import SpanLogMerge

/// How viewers of traces move a child on another host, looking at one call only.
enum ViewerRule: CaseIterable {
    case none
    case zipkin
    case jaeger

    /// What is added to the server's times, in nanoseconds.
    func shift(_ client: ClockSpan, _ server: ClockSpan) -> Double {
        switch self {
        case .none: 0
        case .zipkin: Self.zipkin(Times(client, server), isCall: client.role == .client)
        case .jaeger: Self.jaeger(Times(client, server))
        }
    }

    /// The times of a call from the client's start on.
    private struct Times {
        let clientDuration: Double
        let serverStart: Double
        let serverDuration: Double

        init(_ client: ClockSpan, _ server: ClockSpan) {
            let start = client.startNanoseconds
            clientDuration = Double(client.endNanoseconds) - Double(start)
            serverStart = Double(Int64(bitPattern: server.startNanoseconds &- start))
            serverDuration = Double(server.endNanoseconds) - Double(server.startNanoseconds)
        }
    }

    /// Zipkin's `CorrectForClockSkew`: a server that starts before its client is put into the middle
    /// of it, or just after its start if it is longer; consumers are left alone.
    private static func zipkin(_ times: Times, isCall: Bool) -> Double {
        guard isCall, times.serverStart < 0 else { return 0 }
        if times.clientDuration < times.serverDuration { return 1_000 - times.serverStart }
        return (times.clientDuration - times.serverDuration) / 2 - times.serverStart
    }

    /// Jaeger's `clockskew` adjuster: a child that does not fit into its parent is put into the middle
    /// of it, or at its start if it is longer.
    private static func jaeger(_ times: Times) -> Double {
        if times.serverDuration > times.clientDuration { return max(0, -times.serverStart) }
        let isInside =
            times.serverStart >= 0
            && times.serverStart + times.serverDuration <= times.clientDuration
        if isInside { return 0 }
        return (times.clientDuration - times.serverDuration) / 2 - times.serverStart
    }
}

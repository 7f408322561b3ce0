import HTTPTypes
import SpanLogImport
import Synchronization

/// What a receiver has done, for the person who runs it.
final class ReceiveCounts: Sendable {
    private let state = Mutex(State())

    private struct State {
        var requestCount = 0
        var refusedRequestCount = 0
        var spanCount = 0
        var rejectedSpanCount = 0
        var isDiskFailing = false
    }

    func add(_ answer: OTLPAnswer) {
        state.withLock { state in
            state.requestCount += 1
            if answer.status != .ok { state.refusedRequestCount += 1 }
        }
    }

    func add(stored: Int, rejected: Int) {
        let isRepaired = state.withLock { state in
            defer { state.isDiskFailing = false }
            state.spanCount += stored
            state.rejectedSpanCount += rejected
            return state.isDiskFailing && stored > 0
        }
        if isRepaired { StandardError.print("Spans are written again.") }
    }

    /// Says once that the disk fails, until it works again.
    func add(failure: ImportError) {
        let isNew = state.withLock { state in
            defer { state.isDiskFailing = true }
            return !state.isDiskFailing
        }
        if isNew { StandardError.print("\(failure)") }
    }

    var summary: String {
        state.withLock { state in
            var text =
                "Stored \(Text.count(state.spanCount, "span")) of "
                + Text.count(state.requestCount, "request")
            if state.refusedRequestCount > 0 {
                text += ", \(state.refusedRequestCount) of them refused"
            }
            if state.rejectedSpanCount > 0 {
                text += "; \(Text.count(state.rejectedSpanCount, "span")) rejected"
            }
            return text + "."
        }
    }
}

import Foundation
import SpanLog

/// Somebody who comes when the trace is over, and knows only its ids.
struct Visitor {
    private let recorder: Recorder

    init(_ stores: URL) throws {
        recorder = try VocabularyProgram.recorder("visitor", stores)
    }

    func judge(_ span: SpanIdentity) async throws {
        let stars = Assessment.feedback(
            "stars", 3, source: .human("bob"), metadata: ["page": "7"])
        recorder.tracer.logAssessment(stars, onTrace: span.traceID)
        // Bob has thought better of it.
        recorder.tracer.logAssessment(
            .feedback("stars", 4, source: .human("bob"), id: stars.id), onTrace: span.traceID)
        recorder.tracer.updateTrace(span.traceID, tags: ["read": "yes"], status: .inProgress)
        try await recorder.shutdown()
    }
}

import HTTPTypes
import SpanLogImport

/// The body of a request, however it is spelled, as Protocol Buffers.
struct OTLPRequest {
    let tracesData: [UInt8]
    /// The number of spans that are not what OTLP says, and were left out on the way.
    private(set) var refusedSpanCount = 0
    /// Which of them those are, for a person; empty if there are none.
    private(set) var refusals = ""

    /// - Throws: ``OTLPAnswer`` if it is no JSON.
    init(_ body: [UInt8], _ encoding: OTLPEncoding) throws {
        guard encoding == .json else {
            tracesData = body
            return
        }
        do {
            let document = try OTLPJSON.document(body)
            tracesData = document.tracesData
            refusedSpanCount = document.refusedCount
            guard refusedSpanCount > 0 else { return }
            let named = document.refused.prefix(Self.namedCount).map(\.description)
            refusals =
                "\(refusedSpanCount) spans are not what OTLP says (\(named.joined(separator: "; "))"
                + (refusedSpanCount > named.count ? "; …)." : ").")
        } catch {
            throw OTLPAnswer.refused(.badRequest, "The body is no JSON of OTLP: \(error).")
        }
    }

    private static let namedCount = 5
}

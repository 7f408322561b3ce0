internal import SpanLogFormat
internal import SpanLogJSON

/// Reads OTLP's JSON: `{"resourceSpans": […]}`, the body of an OTLP/HTTP request and a line of a file.
///
/// Identifiers may be hexadecimal, as OTLP asks for, or base64; integers numbers or strings;
/// enumerations numbers or names; members have their names in JSON or those of Protocol Buffers.
/// Members that are not known are passed over.
public enum OTLPJSON {
    /// What a document said.
    public struct Document: Sendable {
        /// The serialized OTLP `TracesData`.
        public let tracesData: [UInt8]
        /// The number of spans in it.
        public let spanCount: Int
        /// Spans that were left out, since something in them is not what OTLP says: where and why, of
        /// the first 1,000.
        public let refused: [Refusal]
        /// The number of all of these.
        public let refusedCount: Int
    }

    /// Why something was not taken.
    public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
        /// The byte of the document that is to blame, from 0.
        public let byteOffset: Int
        /// What is wrong, in words for the person who sent it.
        public let reason: String

        /// The reason and the place.
        public var description: String { "\(reason), at byte \(byteOffset)" }

        init(_ fault: JSONFault) {
            byteOffset = fault.offset
            reason = fault.reason
        }
    }

    /// Reads a document. How many bytes that may be is the caller's to limit; the result takes about as
    /// many at most.
    ///
    /// - Throws: ``Refusal`` if it is no JSON, or none of OTLP's outside of its spans. Spans that are
    ///   wrong are left out and named in the result.
    /// - Complexity: O(*n*) in its bytes.
    public static func document(_ bytes: [UInt8]) throws(Refusal) -> Document {
        try read(JSONReader(bytes)) { transcoder throws(JSONFault) in
            try transcoder.message(.tracesData)
        }
    }

    /// As ``document(_:)``, of one element of `resourceSpans`.
    static func resourceSpans(_ bytes: [UInt8]) throws(Refusal) -> Document {
        try read(JSONReader(bytes)) { transcoder throws(JSONFault) in
            try transcoder.field(OTLPField.TracesData.resourceSpans, .resourceSpans)
        }
    }

    private static func read(
        _ reader: JSONReader, _ body: (inout OTLPTranscoder) throws(JSONFault) -> Void
    ) throws(Refusal) -> Document {
        var transcoder = OTLPTranscoder(reader)
        do {
            try body(&transcoder)
            try transcoder.finish()
        } catch {
            throw Refusal(error)
        }
        return Document(
            tracesData: transcoder.writer.bytes, spanCount: transcoder.spanCount,
            refused: transcoder.refused.map(Refusal.init), refusedCount: transcoder.refusedCount)
    }
}

internal import FoundationEssentials
internal import SpanLogFormat
public import Tracing

/// An image, a sound, a document: bytes that inputs or outputs refer to instead of holding them.
///
/// Where it stands among values that are recorded, MLflow gets a reference, and the bytes beside the
/// trace:
///
/// ```swift
/// span.setInputs(["question": "What is this?"])
/// span.setOutputs(["picture": Attachment(contentType: "image/png", bytes: png)])
/// ```
///
/// The same bytes are recorded once for each trace, however often they stand there. Those of more
/// than ``SpanLimits/attachmentBytesMax`` are not recorded, and a text says so in their place.
public struct Attachment: Hashable, Sendable {
    /// What the bytes are, such as `image/png`.
    public let contentType: String
    /// The bytes.
    public let bytes: [UInt8]

    /// Creates an attachment.
    public init(contentType: String, bytes: some Sequence<UInt8>) {
        self.contentType = contentType
        self.bytes = Array(bytes)
    }

    /// Creates an attachment of what a file holds now.
    ///
    /// - Throws: The error of reading the file.
    public init(contentType: String, contentsOfFile path: String) throws {
        self.init(contentType: contentType, bytes: try Data(contentsOf: URL(filePath: path)))
    }
}

extension Attachment: Encodable {
    /// Where an encoder finds the span that it encodes for.
    static let spanKey = CodingUserInfoKey(rawValue: "spanlog.span")!

    /// Encodes a reference, and records the bytes, if the encoder is that of a span's inputs or
    /// outputs; a text that says what stood here otherwise.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let span = encoder.userInfo[Self.spanKey] as? any Tracing.Span {
            try container.encode(span.attach(self))
        } else {
            try container.encode("[Attachment: \(bytes.count) bytes of \(contentType)]")
        }
    }
}

extension Tracing.Span {
    /// Records an attachment of the span's trace.
    ///
    /// - Returns: The reference that stands for it in inputs and outputs that are JSON already. For an
    ///   attachment that is too large, and in a span of another tracer, a text that says so.
    /// - Complexity: O(*n*) in the bytes.
    public func attach(_ attachment: Attachment) -> String {
        guard let span = self as? ActiveSpan else {
            return "[Attachment of \(attachment.bytes.count) bytes: the tracer is not SpanLog's]"
        }
        return span.attached(attachment)
    }
}

extension ActiveSpan {
    fileprivate func attached(_ attachment: Attachment) -> String {
        let count = attachment.bytes.count
        let limit = lane.limits.attachmentBytesMax
        guard count <= limit else {
            return "[Attachment too large: \(count) bytes exceeds \(limit) bytes limit]"
        }
        let id = attachment.id(in: identity.traceID)
        if isRecording, lane.attachments.isNew(id) {
            let attributes = [
                Attribute(AttributeKey.attachmentID, .string(id)),
                Attribute(
                    AttributeKey.attachmentContentType, .string(attachment.contentType)),
                Attribute(
                    AttributeKey.attachmentContent,
                    .string(Data(attachment.bytes).base64EncodedString())),
            ]
            lane.recordNote(on: identity.traceID, spanID: identity.spanID, attributes)
        }
        return attachment.reference(id, in: identity.traceID)
    }
}

extension Attachment {
    /// The id, a UUID: the same for the same bytes in the same trace on all hosts.
    fileprivate func id(in traceID: TraceID) -> String {
        var hash = SHA256.hash(traceID.bytes + contentType.utf8 + [0] + bytes)
        // A UUID of RFC 9562's version 8, whose other bits are the writer's own.
        hash[6] = hash[6] & 0x0F | 0x80
        hash[8] = hash[8] & 0x3F | 0x80
        let digits = Hexadecimal.string(hash.prefix(16))
        var (groups, rest) = ([Substring](), digits[...])
        for length in [8, 4, 4, 4, 12] {
            groups.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return groups.joined(separator: "-")
    }

    /// The reference as MLflow's own SDK writes it.
    fileprivate func reference(_ id: String, in traceID: TraceID) -> String {
        var type: [UInt8] = []
        for byte in contentType.utf8 { Self.appendEscaped(byte, to: &type) }
        return "mlflow-attachment://\(id)?content_type=\(String(decoding: type, as: UTF8.self))"
            + "&trace_id=\(traceID.mlflowID)&size=\(bytes.count)"
    }

    private static func appendEscaped(_ byte: UInt8, to text: inout [UInt8]) {
        guard !unreserved.contains(byte) else { return text.append(byte) }
        text.append(UInt8(ascii: "%"))
        text += Hexadecimal.string([byte]).uppercased().utf8
    }

    private static let unreserved = ByteSet("-._~").union(.letters).union(.digits)
}

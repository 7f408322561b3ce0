import SpanLogFormat

/// Where spans come from: a recorder and one resource of it.
///
/// Its identifier is made of its content, so whoever reads the same records names it the same.
final class Origin: Sendable {
    /// 16 bytes.
    let id: [UInt8]
    let recorderID: RecorderID
    let bootID: [UInt8]
    /// The serialized OTLP `Resource`.
    let resource: [UInt8]
    let schemaURL: [UInt8]
    /// The resource's `service.name`, empty if it has none.
    let service: String
    /// The recorder's id as two numbers, which compare faster.
    let recorder: UInt128

    /// - Throws: ``FormatError`` if the resource cannot be decoded.
    init(
        recorderID: RecorderID, bootID: [UInt8], resource: [UInt8], schemaURL: [UInt8] = []
    ) throws(FormatError) {
        self.recorderID = recorderID
        self.bootID = bootID
        self.resource = resource
        self.schemaURL = schemaURL
        service = try Resource(decoding: resource).serviceName ?? ""
        recorder = UInt128(bigEndianBytes: recorderID.bytes)
        var content = ProtobufWriter()
        content.data(Field.recorderID, recorderID.bytes)
        content.data(Field.bootID, bootID)
        content.data(Field.resource, resource)
        content.data(Field.schemaURL, schemaURL)
        id = Array(SHA256.hash(content.bytes).prefix(Self.idByteCount))
    }

    static let idByteCount = 16

    private enum Field {
        static let id = 1
        static let recorderID = 2
        static let bootID = 3
        static let resource = 4
        static let schemaURL = 5
    }

    /// The origin as a message of an archive.
    func encode(into writer: inout ProtobufWriter) {
        writer.data(Field.id, id)
        writer.data(Field.recorderID, recorderID.bytes)
        writer.data(Field.bootID, bootID)
        writer.data(Field.resource, resource)
        if !schemaURL.isEmpty { writer.data(Field.schemaURL, schemaURL) }
    }

    /// Reads such a message.
    ///
    /// - Throws: ``FormatError`` also if the identifier is not that of the content.
    static func decode(_ bytes: [UInt8], _ range: Range<Int>) throws(FormatError) -> Origin {
        var fields: [Int: [UInt8]] = [:]
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            fields[field.number] = Array(bytes[try reader.range(field.value)])
        }
        guard let recorderID = RecorderID(bytes: fields[Field.recorderID] ?? []) else {
            throw FormatError("an origin does not say which recorder it is")
        }
        let origin = try Origin(
            recorderID: recorderID, bootID: fields[Field.bootID] ?? [],
            resource: fields[Field.resource] ?? [], schemaURL: fields[Field.schemaURL] ?? [])
        guard origin.id == fields[Field.id] else {
            throw FormatError("an origin has another identifier than its content gives")
        }
        return origin
    }
}

extension Origin: Comparable {
    static func == (left: Origin, right: Origin) -> Bool { left === right || left.id == right.id }

    static func < (left: Origin, right: Origin) -> Bool {
        if left.recorder != right.recorder { return left.recorder < right.recorder }
        return left.id.lexicographicallyPrecedes(right.id)
    }
}

/// What a span's producer is: OTLP's `Resource`.
public struct Resource: Hashable, Sendable {
    /// The attributes, as the recorder was told or found out.
    public var attributes: [Attribute]

    /// Creates a resource.
    public init(attributes: [Attribute] = []) {
        self.attributes = attributes
    }

    /// The service's name, `service.name`, or `nil` if the resource does not say.
    public var serviceName: String? { attributes.text(for: "service.name") }

    /// The resource as a serialized OTLP `Resource`.
    public func encoded() -> [UInt8] {
        var writer = ProtobufWriter()
        writer.attributes(OTLPField.Resource.attributes, attributes)
        return writer.bytes
    }

    /// Reads a serialized OTLP `Resource`.
    ///
    /// - Throws: ``FormatError`` if the bytes are no resource, or more than 4 MiB.
    public init(decoding bytes: [UInt8], _ range: Range<Int>? = nil) throws(FormatError) {
        self.init()
        guard (range ?? 0..<bytes.count).count <= Self.byteCountMax else {
            throw FormatError("a resource has more than \(Self.byteCountMax) bytes")
        }
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            guard field.number == OTLPField.Resource.attributes else { continue }
            attributes.append(try reader.attribute(field.value))
        }
    }

    /// A larger resource is refused when reading.
    package static let byteCountMax = 4 << 20
}

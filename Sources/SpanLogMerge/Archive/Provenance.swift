import SpanLogFormat

/// The packed numbers of a group of spans.
enum Provenance {
    static func decode(_ bytes: [UInt8], _ group: SpanPlaces.Group) throws -> [UInt64] {
        var numbers: [UInt64] = []
        var reader = ProtobufReader(bytes, group.scopeSpans)
        while let field = try reader.next() {
            guard field.number == ArchiveFormat.Extension.provenance else { continue }
            var list = ProtobufReader(bytes, try reader.range(field.value))
            while let number = try list.nextVarint() { numbers.append(number) }
        }
        return numbers
    }
}

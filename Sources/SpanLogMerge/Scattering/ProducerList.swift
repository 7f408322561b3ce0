import SpanLogFormat

/// Producers as bytes in temporary space. Each origin is there once, however many scopes it has.
enum ProducerList {
    private enum Field {
        static let origin = 1
        static let producer = 2
        static let place = 1
        static let scope = 2
        static let schemaURL = 3
    }

    static func encoded(_ producers: [Producer]) -> [UInt8] {
        var writer = ProtobufWriter()
        var places: [ObjectIdentifier: Int] = [:]
        for producer in producers {
            let place = places[ObjectIdentifier(producer.origin)] ?? places.count
            if place == places.count {
                places[ObjectIdentifier(producer.origin)] = place
                writer.message(Field.origin) { producer.origin.encode(into: &$0) }
            }
            writer.message(Field.producer) { writer in
                writer.uint64(Field.place, UInt64(place))
                writer.data(Field.scope, producer.scope)
                writer.data(Field.schemaURL, producer.schemaURL)
            }
        }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) throws -> [Producer] {
        var origins: [Origin] = []
        var producers: [Producer] = []
        var reader = ProtobufReader(bytes)
        while let field = try reader.next() {
            let range = try reader.range(field.value)
            if field.number == Field.origin {
                origins.append(try Origin.decode(bytes, range))
            } else {
                producers.append(try producer(bytes, range, origins))
            }
        }
        return producers
    }

    private static func producer(
        _ bytes: [UInt8], _ range: Range<Int>, _ origins: [Origin]
    ) throws -> Producer {
        var (place, scope, schemaURL) = (0, [UInt8](), [UInt8]())
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            switch field.number {
            case Field.place: place = Int(clamping: try reader.number(field.value))
            case Field.scope: scope = Array(bytes[try reader.range(field.value)])
            default: schemaURL = Array(bytes[try reader.range(field.value)])
            }
        }
        return Producer(origin: origins[place], scope: scope, schemaURL: schemaURL)
    }
}

internal import SpanLogJSON

/// The messages of OTLP that hold spans, with the members that JSON gives them.
enum OTLPMessage: Int, CaseIterable {
    case tracesData, resourceSpans, resource, entity, scopeSpans, scope, span, event, link, status
    case keyValue, anyValue, list, map

    /// A member of a message.
    struct Member: Sendable {
        let number: Int
        let kind: Kind
        var isRepeated = false
        /// Whether an empty value counts, as it does where one of several members is set.
        var hasPresence = false
    }

    /// How a value is spelled, in JSON and on the wire.
    enum Kind: Sendable {
        case string, bytes, traceID, spanID, bool, int64, uint32, fixed64, fixed32, double
        case spanKind, statusCode
        case message(OTLPMessage)
    }

    /// The members of a message and their names.
    struct Members: Sendable {
        let names: JSONNames
        let all: [Member]

        /// - Parameter members: By their names in JSON. Protocol Buffers' own names are known too.
        fileprivate init(_ members: KeyValuePairs<String, Member>) {
            all = members.map(\.value)
            var names: [(name: String, index: Int)] = []
            for (index, name) in members.map(\.key).enumerated() {
                names.append((name, index))
                let original = Self.original(name)
                if original != name { names.append((original, index)) }
            }
            self.names = JSONNames(names)
        }

        /// `traceId` as `trace_id`.
        private static func original(_ name: String) -> String {
            name.reduce(into: "") { result, letter in
                result += letter.isUppercase ? "_" + letter.lowercased() : String(letter)
            }
        }
    }

    var members: Members { Self.table[rawValue] }

    private static let table: [Members] = allCases.map(\.ownMembers)

    private static func list(_ number: Int, _ kind: Kind) -> Member {
        Member(number: number, kind: kind, isRepeated: true)
    }

    private static func one(_ number: Int, _ kind: Kind) -> Member {
        Member(number: number, kind: kind)
    }

    private static func choice(_ number: Int, _ kind: Kind) -> Member {
        Member(number: number, kind: kind, hasPresence: true)
    }

    private var ownMembers: Members {
        switch self {
        case .tracesData: Members(["resourceSpans": Self.list(1, .message(.resourceSpans))])
        case .resourceSpans:
            Members([
                "resource": Self.one(1, .message(.resource)),
                "scopeSpans": Self.list(2, .message(.scopeSpans)),
                // As OTLP called it before version 0.19, with the same content.
                "instrumentationLibrarySpans": Self.list(2, .message(.scopeSpans)),
                "schemaUrl": Self.one(3, .string),
            ])
        case .resource:
            Members([
                "attributes": Self.list(1, .message(.keyValue)),
                "droppedAttributesCount": Self.one(2, .uint32),
                "entityRefs": Self.list(3, .message(.entity)),
            ])
        case .entity:
            Members([
                "schemaUrl": Self.one(1, .string), "type": Self.one(2, .string),
                "idKeys": Self.list(3, .string), "descriptionKeys": Self.list(4, .string),
            ])
        case .scopeSpans:
            Members([
                "scope": Self.one(1, .message(.scope)),
                "instrumentationLibrary": Self.one(1, .message(.scope)),
                "spans": Self.list(2, .message(.span)),
                "schemaUrl": Self.one(3, .string),
            ])
        case .scope:
            Members([
                "name": Self.one(1, .string), "version": Self.one(2, .string),
                "attributes": Self.list(3, .message(.keyValue)),
                "droppedAttributesCount": Self.one(4, .uint32),
            ])
        case .span: Self.spanMembers
        case .event:
            Members([
                "timeUnixNano": Self.one(1, .fixed64), "name": Self.one(2, .string),
                "attributes": Self.list(3, .message(.keyValue)),
                "droppedAttributesCount": Self.one(4, .uint32),
            ])
        case .link:
            Members([
                "traceId": Self.one(1, .traceID), "spanId": Self.one(2, .spanID),
                "traceState": Self.one(3, .string),
                "attributes": Self.list(4, .message(.keyValue)),
                "droppedAttributesCount": Self.one(5, .uint32), "flags": Self.one(6, .fixed32),
            ])
        case .status:
            Members(["message": Self.one(2, .string), "code": Self.one(3, .statusCode)])
        case .keyValue:
            Members(["key": Self.one(1, .string), "value": Self.one(2, .message(.anyValue))])
        case .anyValue:
            Members([
                "stringValue": Self.choice(1, .string), "boolValue": Self.choice(2, .bool),
                "intValue": Self.choice(3, .int64), "doubleValue": Self.choice(4, .double),
                "arrayValue": Self.choice(5, .message(.list)),
                "kvlistValue": Self.choice(6, .message(.map)),
                "bytesValue": Self.choice(7, .bytes),
            ])
        case .list: Members(["values": Self.list(1, .message(.anyValue))])
        case .map: Members(["values": Self.list(1, .message(.keyValue))])
        }
    }

    private static let spanMembers = Members([
        "traceId": one(1, .traceID), "spanId": one(2, .spanID), "traceState": one(3, .string),
        "parentSpanId": one(4, .spanID), "name": one(5, .string), "kind": one(6, .spanKind),
        "startTimeUnixNano": one(7, .fixed64), "endTimeUnixNano": one(8, .fixed64),
        "attributes": list(9, .message(.keyValue)), "droppedAttributesCount": one(10, .uint32),
        "events": list(11, .message(.event)), "droppedEventsCount": one(12, .uint32),
        "links": list(13, .message(.link)), "droppedLinksCount": one(14, .uint32),
        "status": one(15, .message(.status)), "flags": one(16, .fixed32),
    ])
}

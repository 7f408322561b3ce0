import SpanLogFormat
import SpanLogStore

/// An origin and one scope of it: what all spans of an OTLP `ScopeSpans` have in common.
struct Producer: Comparable, Sendable {
    var origin: Origin
    /// The serialized OTLP `InstrumentationScope`.
    let scope: [UInt8]
    let schemaURL: [UInt8]

    static func == (left: Producer, right: Producer) -> Bool {
        left.origin == right.origin && left.scope == right.scope
            && left.schemaURL == right.schemaURL
    }

    static func < (left: Producer, right: Producer) -> Bool {
        if left.origin != right.origin { return left.origin < right.origin }
        if left.scope != right.scope { return left.scope.lexicographicallyPrecedes(right.scope) }
        return left.schemaURL.lexicographicallyPrecedes(right.schemaURL)
    }
}

extension Producer {
    /// What tells producers apart.
    struct Name: Hashable, Sendable {
        let origin: [UInt8]
        let scope: [UInt8]
        let schemaURL: [UInt8]
    }

    var name: Name { Name(origin: origin.id, scope: scope, schemaURL: schemaURL) }

    /// What the digest knows it by.
    var hash: UInt64 {
        let content =
            origin.id + UInt64(scope.count).littleEndianBytes + scope + schemaURL
        return Checksum.xxh3(content, content.indices)
    }

    /// What it takes in memory, roughly.
    var byteCount: Int { origin.resource.count + scope.count + 256 }
}

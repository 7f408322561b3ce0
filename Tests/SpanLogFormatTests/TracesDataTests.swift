import SpanLogFormat
import SpanLogTestSupport
import Testing

@Suite struct TracesDataTests {
    private static let resource = Resource(attributes: [Attribute("service.name", .string("a"))])
        .encoded()
    private static let scope = TracesData.scope(name: "scope", version: "1")

    /// Sizes around those at which a length needs one byte more.
    @Test(arguments: [0, 1, 50, 127, 128, 200, 16_300, 16_384, 70_000, 2_097_152])
    func `the prefix and the spans' entries are one message`(spanByteCount: Int) throws {
        let spans = [3, spanByteCount, 0].map { [UInt8](repeating: 0x20, count: $0) }
        var entries = ProtobufWriter()
        for span in spans { entries.data(OTLPField.ScopeSpans.spans, span) }
        let prefix = TracesData.prefix(
            resource: Self.resource, scope: Self.scope, entriesByteCount: entries.bytes.count)

        var expected = ProtobufWriter()
        expected.message(OTLPField.TracesData.resourceSpans) { writer in
            writer.data(OTLPField.ResourceSpans.resource, Self.resource)
            writer.message(OTLPField.ResourceSpans.scopeSpans) { writer in
                writer.data(OTLPField.ScopeSpans.scope, Self.scope)
                for span in spans { writer.data(OTLPField.ScopeSpans.spans, span) }
            }
        }
        #expect((prefix + entries.bytes == expected.bytes) == true)
    }

    @Test func `each span is found with its scope and resource, in the order of the bytes`() throws
    {
        let groups = [
            ("r1", [("s1", ["a", "b"]), ("s2", ["c"])]), ("r2", [("s3", [])]),
            ("r3", [("s4", ["d"])]),
        ]
        var writer = ProtobufWriter()
        for (resource, scopes) in groups {
            writer.string(99, "unknown")
            writer.message(OTLPField.TracesData.resourceSpans) { writer in
                writer.string(OTLPField.ResourceSpans.resource, resource)
                for (scope, spans) in scopes {
                    writer.message(OTLPField.ResourceSpans.scopeSpans) { writer in
                        writer.string(OTLPField.ScopeSpans.scope, scope)
                        writer.uint64(98, 1)
                        for span in spans { writer.string(OTLPField.ScopeSpans.spans, span) }
                    }
                }
            }
        }
        var found: [String] = []
        let bytes = writer.bytes
        try TracesData.forEachSpan(in: bytes) { place in
            found.append(
                [place.resource, place.scope, place.span]
                    .map { String(decoding: bytes[$0], as: UTF8.self) }.joined(separator: " "))
        }
        #expect(found == ["r1 s1 a", "r1 s1 b", "r1 s2 c", "r3 s4 d"])
    }

    @Test func `a resource or scope behind its spans counts too, and a missing one is empty`()
        throws
    {
        var writer = ProtobufWriter()
        writer.message(OTLPField.TracesData.resourceSpans) { writer in
            writer.message(OTLPField.ResourceSpans.scopeSpans) { writer in
                writer.string(OTLPField.ScopeSpans.spans, "span")
            }
            writer.string(OTLPField.ResourceSpans.resource, "late")
        }
        let bytes = writer.bytes
        try TracesData.forEachSpan(in: bytes) { place in
            #expect(bytes[place.resource].elementsEqual("late".utf8))
            #expect(place.scope.isEmpty)
        }
    }

    @Test func `spans before a fault are delivered`() throws {
        var writer = ProtobufWriter()
        for name in ["first", "second"] {
            writer.message(OTLPField.TracesData.resourceSpans) { writer in
                writer.message(OTLPField.ResourceSpans.scopeSpans) { writer in
                    writer.string(OTLPField.ScopeSpans.spans, name)
                }
            }
        }
        writer.bytes += [10, 100]
        var count = 0
        #expect(throws: FormatError.self) {
            try TracesData.forEachSpan(in: writer.bytes) { _ in count += 1 }
        }
        #expect(count == 2)
    }

    @Test func `the first resource is found, and none where there is none`() throws {
        let prefix = TracesData.prefix(
            resource: Self.resource, scope: Self.scope, entriesByteCount: 0)
        let resource = try TracesData.firstResource(in: prefix + prefix, 0..<2 * prefix.count)
        #expect(resource?.serviceName == "a")
        #expect(try TracesData.firstResource(in: [], 0..<0) == nil)
    }

    @Test func `a resource is decoded to what was encoded`() throws {
        var spans = RandomSpans(seed: 6)
        for _ in 0..<100 {
            let resource = Resource(attributes: spans.attributes(countMax: 6))
            let bytes = resource.encoded()
            #expect(try Resource(decoding: bytes).encoded() == bytes)
        }
        #expect(Resource().serviceName == nil)
    }
}

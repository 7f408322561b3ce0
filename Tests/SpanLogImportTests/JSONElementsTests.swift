import SpanLogJSON
import SpanLogTestSupport
import Testing

@testable import SpanLogImport

/// What is found in JSON text that comes by in pieces.
@Suite struct JSONElementsTests {
    @Test(arguments: [1, 2, 3, 7, 64, 1000])
    func `elements are the same however the text is cut into pieces`(pieceByteCount: Int) throws {
        let text = #"""
            {"a": [{"x": 1}], "data": [{"id": 1, "s": "}]\"{"}, {"id": [{}, {}]}], "data2": {"data": [{}]}}
            {"data": null}
            {"resourceLogs": [{"a": 1}]}

            {}
            [{"data": [{"id": 3}]}]
            """#
        var found = Found()
        try found.read(text, Self.wrapped, pieceByteCount: pieceByteCount)
        #expect(
            found.elements == [
                #"{"id": 1, "s": "}]\"{"}"#, #"{"id": [{}, {}]}"#, #"{"id": 3}"#,
            ])
        #expect(found.lines == [1, 1, 6])
        #expect(found.faults.isEmpty)
        #expect(found.otherCount == 1)
    }

    @Test
    func `objects at the top and in arrays there are elements where no document is around them`()
        throws
    {
        var found = Found()
        try found.read("[{\"a\":1},{\"b\":2}]\n[[{\"c\":3}],[]]\n{\"d\":4}\n", .init())
        #expect(found.elements == [#"{"a":1}"#, #"{"b":2}"#, #"{"c":3}"#, #"{"d":4}"#])
        #expect(found.faults.isEmpty)
    }

    @Test func `a document may stand on several lines`() throws {
        var shape = Self.wrapped
        shape.isLineBased = false
        var found = Found()
        try found.read("{\n  \"data\": [\n    {\n \"a\": 1\n},\n{}\n]\n}\n{\"data\":[{}]}", shape)
        #expect(found.elements == ["{\n \"a\": 1\n}", "{}", "{}"])
        #expect(found.faults.isEmpty)
    }

    @Test(arguments: [
        (#"{"data": [{"a": 1}, {"b": "#, 1, "the line is cut off"),
        (#"{"data": [{"a": "#, 0, "the line is cut off"),
        (#"{"data": [{"a": "x"#, 0, "the line is cut off"),
        (#"{"da"#, 0, "the line is cut off"),
        ("nonsense", 0, "this is no JSON"), ("7", 0, "this is no JSON"),
        ("}", 0, "this is no JSON"),
        (#"{"data": [7, {"a": 1}]}"#, 1, "expected an object"),
        (#"{"data": [[{}], "x", {"a": 1}]}"#, 1, "expected an object"),
        (#"{"other": 1}"#, 0, "holds no spans"),
        (#"{"data": [{"a": 1}}"#, 1, "this is no JSON"),
        (#"{"data" [{"a": 1}]}"#, 0, "this is no JSON"),
        (
            #"{"data": [{"long": "\#(String(repeating: "x", count: 100))"}, {"a": 1}]}"#, 1,
            "more than 64 bytes"
        ),
    ])
    func `damage costs its line, and the elements before it stay`(
        line: String, count: Int, reason: String
    ) throws {
        var found = Found()
        try found.read(line + "\n{\"data\": [{\"z\": 1}]}\n", Self.wrapped, byteCountMax: 64)
        #expect(found.faults.first?.contains(reason) == true, "\(found.faults)")
        #expect(found.elements.count == count + 1)
        #expect(found.elements.last == #"{"z": 1}"#)
    }

    @Test func `a text that is cut off says so, and names where`() throws {
        var found = Found()
        try found.read("{\"data\": [{}]}\n{\"data\": [{\"a\": 1", Self.wrapped)
        #expect(found.faults == ["it is cut off"] && found.elements == ["{}"])
        #expect(found.places.last == JSONElements.Place(line: 2, byteOffset: 25))
    }

    @Test func `nothing crashes, whatever the text`() throws {
        var random = SeededGenerator(seed: 11)
        let alphabet = Array("{}[]\",:\\\n data0x".utf8)
        for _ in 0..<3000 {
            let bytes = (0..<random.below(200)).map { _ in random.element(of: alphabet) }
            for isLineBased in [true, false] {
                var shape = random.below(2) == 0 ? Self.wrapped : .init()
                shape.isLineBased = isLineBased
                var found = Found()
                let text = String(decoding: bytes, as: UTF8.self)
                try found.read(text, shape, pieceByteCount: 1 + random.below(40))
            }
        }
    }

    private static let wrapped = JSONElements.Shape(
        listNames: JSONNames(["data"]), otherNames: JSONNames(["resourceLogs"]))
}

/// Everything that a text gives.
private struct Found {
    var elements: [String] = []
    var lines: [UInt64] = []
    var faults: [String] = []
    var places: [JSONElements.Place] = []
    var otherCount = 0

    mutating func read(
        _ text: String, _ shape: JSONElements.Shape, pieceByteCount: Int = 1000,
        byteCountMax: Int = 1000
    ) throws {
        var scanner = JSONElements(shape, byteCountMax: byteCountMax)
        let bytes = Array(text.utf8)
        for start in stride(from: 0, to: bytes.count, by: pieceByteCount) {
            let piece = Array(bytes[start..<min(start + pieceByteCount, bytes.count)])
            try scanner.add(piece) { take($0) }
        }
        try scanner.finish { take($0) }
    }

    private mutating func take(_ event: JSONElements.Event) {
        switch event {
        case .element(let bytes, let place):
            elements.append(String(decoding: bytes, as: UTF8.self))
            lines.append(place.line)
        case .fault(let reason, let place):
            faults.append(reason)
            places.append(place)
        case .other: otherCount += 1
        }
    }
}

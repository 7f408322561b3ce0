import Testing

@testable import SpanLogExport

@Suite struct JSONTextTests {
    @Test(arguments: [
        "{}", "[]", "\"\"", "0", "-1.5e+10", "true", "null", "NaN", "-Infinity",
        " { \"a\" : [ 1 , { } ] } \n", "\"\\u00e9\\n\\/\"", "\"\u{7F}é😀\"", "[[], [[]], {}]",
    ])
    func `text that Python reads as JSON is JSON`(text: String) {
        #expect(JSONText(text)?.text == text)
    }

    @Test(arguments: [
        "", " ", "hello", "{", "}", "[1,]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "[1 2]",
        "01",
        "1.", ".5", "+1", "1e", "-", "\"a", "\"\\x\"", "\"\\u12\"", "\"\n\"", "\"\0\"", "[1]]",
        "[1}",
        "{]", "1 2", "nul", "tru", "'a'", "[[[", "{\"a\":1]",
    ])
    func `other text is not`(text: String) {
        #expect(JSONText(text) == nil)
    }

    @Test func `depth does not cost stack`() throws {
        let count = 100_000
        let text = String(repeating: "[", count: count) + String(repeating: "]", count: count)
        #expect(try #require(JSONText(text)).depth == count)
        #expect(JSONText(String(repeating: "[", count: count)) == nil)
    }

    @Test(arguments: [
        ("[1, [2]]", "[1, [2]]"),
        ("[1, [2, [3.00]], 4]", "[1, [2, \"[3.00]\"], 4]"),
        (
            "[[{\"a\": \"x\\n\"}, {}, [[]]]]",
            "[[\"{\\\"a\\\": \\\"x\\\\n\\\"}\", \"{}\", \"[[]]\"]]"
        ),
        ("{\"n\": 9223372036854775807}", "{\"n\": 9223372036854775807}"),
        ("{\"n\": 9223372036854775808}", "{\"n\": \"9223372036854775808\"}"),
        ("[-9223372036854775809, 1e400]", "[\"-9223372036854775809\", 1e400]"),
        ("[[[9223372036854775808]]]", "[[\"[9223372036854775808]\"]]"),
    ])
    func `what is too deep or too wide becomes text`(text: String, limited: String) throws {
        let result = try #require(JSONText(text)).limited(depthMax: 2)
        #expect(result == limited)
        #expect(JSONText(result) != nil)
    }

    @Test(arguments: [
        ("{\"a\":[1,\"b,c: d\"],\"e\":{}}", "{\"a\": [1, \"b,c: d\"], \"e\": {}}"),
        ("[ 1 ,\n2 ]", "[1, 2]"),
        ("\"x\"", "\"x\""),
    ])
    func `previews are spaced as Python prints JSON`(text: String, spaced: String) throws {
        #expect(try #require(JSONText(text)).spaced(atLeast: 100) == spaced)
    }

    @Test func `a preview of a long text does not copy all of it`() throws {
        let text = "[" + String(repeating: "1,", count: 100_000) + "1]"
        let preview = try #require(JSONText(text)).spaced(atLeast: 10)
        #expect(preview.utf8.count < 100)
        #expect(preview.hasPrefix("[1, 1, 1, 1, 1"))
    }

    @Test(arguments: [
        ("a\"b\\c", "\"a\\\"b\\\\c\""), ("\n\r\t\u{0}\u{1F}", "\"\\n\\r\\t\\u0000\\u001f\""),
        ("é😀\u{2028}", "\"é😀\u{2028}\""), ("", "\"\""),
    ])
    func `strings are quoted`(text: String, quoted: String) throws {
        #expect(JSONText.quoted(text) == quoted)
        #expect(JSONNode(try #require(JSONText(quoted))).string == text)
    }
}

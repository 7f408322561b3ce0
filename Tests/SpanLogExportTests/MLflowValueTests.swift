import SpanLogFormat
import Testing

@testable import SpanLogExport

@Suite struct MLflowValueTests {
    @Test(arguments: ["hello", "", "42", "true", "null", "not {json}", "-5", " 7 ", "NaN"])
    func `text that the server leaves alone is sent as it is`(text: String) {
        #expect(MLflowValue.ofSpan(.string(text), holdsJSON: false) == .string(text))
    }

    @Test(arguments: [
        "{\"a\":1}", "[1]", "\"x\"", " \n[1]", "{not json", "\"", "[[[[", "{\"a\":\"\u{0}\"}",
        String(repeating: "[", count: 3000), String(repeating: "7", count: 4301),
    ])
    func `text that the server would take for JSON is quoted`(text: String) throws {
        let sent = MLflowValue.ofSpan(.string(text), holdsJSON: false)
        #expect(sent == .string(JSONText.quoted(text)))
    }

    @Test(arguments: [
        ("{\"a\":1.00}", "{\"a\":1.00}"), ("[1]", "[1]"), ("\"x\"", "\"x\""), ("plain", "plain"),
        ("5", "5"), ("null", "null"), ("{broken", "\"{broken\""),
        ("[18446744073709551616]", "[\"18446744073709551616\"]"),
    ])
    func `JSON text of MLflow's own attributes stays JSON`(text: String, sent: String) {
        #expect(MLflowValue.ofSpan(.string(text), holdsJSON: true) == .string(sent))
    }

    @Test(arguments: [
        ("5", AttributeValue.int(5)), ("-0", .int(0)), (" 7\n", .int(7)), ("5.5", .double(5.5)),
        ("1e3", .double(1000)), ("true", .bool(true)), ("false", .bool(false)), ("null", .empty),
        ("9223372036854775807", .int(.max)),
        ("9223372036854775808", .string("9223372036854775808")), ("1e400", .string("1e400")),
        ("NaN", .string("NaN")), ("\"5\"", .string("\"5\"")), ("{\"a\":1}", .string("{\"a\":1}")),
        ("no JSON", .string("no JSON")), ("[no JSON", .string("\"[no JSON\"")),
        (
            String(repeating: "8", count: 5000),
            .string("\"\(String(repeating: "8", count: 5000))\"")
        ),
    ])
    func `inputs and outputs keep their type`(text: String, sent: AttributeValue) {
        #expect(MLflowValue.ofInputsOrOutputs(.string(text)) == sent)
    }

    @Test func `inputs deeper than 30 levels end in text`() {
        let deep = String(repeating: "[", count: 32) + String(repeating: "]", count: 32)
        let sent =
            String(repeating: "[", count: 30) + "\"[[]]\"" + String(repeating: "]", count: 30)
        #expect(MLflowValue.ofInputsOrOutputs(.string(deep)) == .string(sent))
    }

    @Test(arguments: [
        (AttributeValue.int(.min), AttributeValue.int(.min)), (.bool(false), .bool(false)),
        (.double(.infinity), .double(.infinity)), (.empty, .empty),
        (.bytes([0, 1, 255]), .string("AAH/")), (.bytes([]), .string("")),
        (
            .array([.int(1), .string("a\""), .empty, .bytes([1]), .double(.nan), .bool(true)]),
            .string("[1, \"a\\\"\", null, \"AQ==\", NaN, true]")
        ),
        (
            .map([Attribute("k", .array([])), Attribute("", .map([]))]),
            .string("{\"k\": [], \"\": {}}")
        ),
        (
            .map([Attribute("d", .double(-.infinity)), Attribute("e", .double(1e22))]),
            .string("{\"d\": -Infinity, \"e\": 1e+22}")
        ),
    ])
    func `values of a span are sent natively or as JSON text`(
        value: AttributeValue, sent: AttributeValue
    ) {
        #expect(MLflowValue.ofSpan(value, holdsJSON: false) == sent)
    }

    @Test(arguments: [
        (AttributeValue.string("{\"a\":1}"), AttributeValue.string("{\"a\":1}")),
        (.double(.nan), .string("NaN")), (.double(-.infinity), .string("-Infinity")),
        (.double(2.5), .double(2.5)), (.bytes([1]), .string("AQ==")), (.empty, .empty),
        (.array([.double(.infinity), .int(1)]), .array([.string("Infinity"), .int(1)])),
        (.map([Attribute("k", .bytes([1]))]), .map([Attribute("k", .string("AQ=="))])),
    ])
    func `values of events and links are sent natively`(
        value: AttributeValue, sent: AttributeValue
    ) {
        #expect(MLflowValue.ofEvent(value) == sent)
    }

    @Test func `values of events deeper than 30 levels end in text`() {
        func nested(_ depth: Int, _ inner: AttributeValue) -> AttributeValue {
            (0..<depth).reduce(inner) { value, _ in .array([value]) }
        }
        #expect(MLflowValue.ofEvent(nested(30, .int(1))) == nested(30, .int(1)))
        #expect(MLflowValue.ofEvent(nested(32, .int(1))) == nested(30, .string("[[1]]")))
    }
}

import SpanLogFormat
import Testing

@testable import SpanLogExport

/// The expected texts are what MLflow 3.17.2's own SDK stored for the same inputs and outputs.
@Suite struct MLflowPreviewTests {
    @Test(arguments: [
        ("\"hello\"", "\"hello\""), ("5", "5"), ("null", "null"), ("true", "true"),
        ("\"\"", "\"\""),
        ("{\"a\":1,\"url\":\"a/b\"}", "{\"a\": 1, \"url\": \"a/b\"}"),
        (
            "{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"Q?\"}]}",
            "Q?"
        ),
        (
            """
            {"messages":[{"role":"user","content":[{"type":"image"},{"type":"text","text":"part"}]}]}
            """, "part"
        ),
        ("{\"request\":{\"input\":[{\"role\":\"user\",\"content\":\"rq\"}]}}", "rq"),
        ("{\"messages\":[{\"role\":\"assistant\",\"content\":\"last\"}]}", "last"),
        (
            "{\"messages\":[{\"role\":\"user\",\"content\":\"\"}]}",
            "{\"messages\": [{\"role\": \"user\", \"content\": \"\"}]}"
        ),
        (
            "{\"messages\":[{\"content\":\"no role\"}]}",
            "{\"messages\": [{\"content\": \"no role\"}]}"
        ),
        ("{\"messages\":[],\"input\":[{\"role\":\"user\",\"content\":\"i\"}]}", "i"),
        ("{\"request\":5}", "{\"request\": 5}"),
        ("{\"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9\\n\"}]}", "é\n"),
        ("not JSON", "\"not JSON\""),
    ])
    func `a request shows its last user message, or its text`(inputs: String, preview: String) {
        #expect(Self.preview(of: inputs, .user) == preview)
    }

    @Test(arguments: [
        ("{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"A!\"}}]}", "A!"),
        (
            """
            {"output":[{"role":"assistant","content":[{"type":"output_text","text":"out"}]}]}
            """, "out"
        ),
        ("[1,2.5]", "[1, 2.5]"),
    ])
    func `a response shows its last assistant message, or its text`(
        outputs: String, preview: String
    ) {
        #expect(Self.preview(of: outputs, .assistant) == preview)
    }

    @Test func `a long preview is cut as MLflow cuts it`() {
        let long = "\"\(String(repeating: "x", count: 2000))\""
        let preview = Self.preview(of: long, .user)
        #expect(preview == "\"\(String(repeating: "x", count: 996))...")
        #expect(preview?.count == 1000)
    }

    private static func preview(of text: String, _ role: MLflowPreview.Role) -> String? {
        let span = Sample.span(1) { $0.attributes = [Attribute("io", .string(text))] }
        return MLflowRecordedValue("io", of: span.record).map {
            MLflowPreview(of: $0, role: role).text
        }
    }
}

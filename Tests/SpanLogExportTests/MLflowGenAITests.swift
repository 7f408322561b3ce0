import SpanLogFormat
import SpanLogMerge
import Testing

@testable import SpanLogExport

@Suite struct MLflowGenAITests {
    private func exported(_ attributes: [String: AttributeValue]) -> [Attribute] {
        let all = attributes.sorted { $0.key < $1.key }.map { Attribute($0.key, $0.value) }
        return Sample.exported(Sample.trace(Sample.span(1) { $0.attributes = all })).attributes
    }

    @Test func `a chat by the conventions of OpenTelemetry becomes one of MLflow's`() {
        let found = exported([
            "gen_ai.operation.name": .string("chat"),
            "gen_ai.request.model": .string("gpt-4o"),
            "gen_ai.response.model": .string("gpt-4o-2024"),
            "gen_ai.provider.name": .string("openai"),
            "gen_ai.usage.input_tokens": .int(11), "gen_ai.usage.output_tokens": .string("7"),
            "gen_ai.usage.cache_read.input_tokens": .int(5),
            "gen_ai.usage.cache_creation.input_tokens": .int(2),
            "gen_ai.input.messages": .string(#"[{"role":"user"}]"#),
            "gen_ai.output.messages": .string(#"[{"role":"assistant"}]"#),
            "gen_ai.tool.definitions": .string("[{}]"),
        ])
        #expect(found.text(for: "mlflow.spanType") == "CHAT_MODEL")
        #expect(found.value(for: "mlflow.spanLogLevel") == .int(20))
        #expect(found.text(for: "mlflow.llm.model") == "gpt-4o-2024")
        #expect(found.text(for: "mlflow.llm.provider") == "openai")
        #expect(found.text(for: "mlflow.spanInputs") == #"[{"role":"user"}]"#)
        #expect(found.text(for: "mlflow.spanOutputs") == #"[{"role":"assistant"}]"#)
        #expect(found.text(for: "mlflow.chat.tools") == "[{}]")
        #expect(
            found.text(for: "mlflow.chat.tokenUsage") == """
                {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18, \
                "cache_read_input_tokens": 5, "cache_creation_input_tokens": 2}
                """)
    }

    @Test(arguments: [
        ("create_agent", "AGENT"), ("invoke_agent", "AGENT"), ("embeddings", "EMBEDDING"),
        ("execute_tool", "TOOL"), ("generate_content", "LLM"), ("text_completion", "LLM"),
        ("response", "LLM"), ("something new", "UNKNOWN"),
    ])
    func `each operation has MLflow's type`(operation: String, type: String) {
        let found = exported(["gen_ai.operation.name": .string(operation)])
        #expect(found.filter { $0.key == "mlflow.spanType" }.map(\.value) == [.string(type)])
    }

    @Test func `what the span says itself stays, except that its type is unknown`() {
        let found = exported([
            "gen_ai.operation.name": .string("chat"), "gen_ai.request.model": .string("a"),
            "mlflow.llm.model": .string("b"), "mlflow.spanType": .string("AGENT"),
            "mlflow.spanInputs": .string("1"), "gen_ai.input.messages": .string("[2]"),
        ])
        #expect(found.text(for: "mlflow.llm.model") == "b")
        #expect(found.text(for: "mlflow.spanType") == "AGENT")
        #expect(found.value(for: "mlflow.spanInputs") == .int(1))
        let unknown = exported([
            "gen_ai.operation.name": .string("chat"), "mlflow.spanType": .string("UNKNOWN"),
        ])
        #expect(unknown.text(for: "mlflow.spanType") == "CHAT_MODEL")
    }

    @Test func `an empty value says nothing, and the next one counts`() {
        let found = exported([
            "gen_ai.input.messages": .string("[]"),
            "gen_ai.tool.call.arguments": .string(#"{"a":1}"#),
        ])
        #expect(found.text(for: "mlflow.spanInputs") == #"{"a":1}"#)
        #expect(found.text(for: "mlflow.spanOutputs") == nil)
        #expect(found.text(for: "mlflow.chat.tokenUsage") == nil)
    }

    @Test func `previews and session come from them, too`() {
        let messages = #"[{"role":"user","content":"hello"}]"#
        let trace = Sample.trace(
            Sample.span(1) {
                $0.attributes = [
                    Attribute("gen_ai.input.messages", .string("{\"messages\":\(messages)}")),
                    Attribute("gen_ai.conversation.id", .string("c-1")),
                ]
            })
        let info = Sample.info(trace)
        #expect(info.requestPreview == "hello")
        #expect(info.metadata["mlflow.trace.session"] == "c-1")
    }
}

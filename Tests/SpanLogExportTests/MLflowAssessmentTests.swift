import Foundation
import SpanLogFormat
import SpanLogMerge
import Testing

@testable import SpanLogExport

@Suite struct MLflowAssessmentTests {
    private func assessments(_ stored: [String: String]) throws -> [NSDictionary] {
        let trace = Sample.trace(
            Sample.span(1) {
                $0.attributes = stored.map {
                    Attribute("spanlog.trace.assessment.\($0.key)", .string($0.value))
                }
            })
        let body = try Sample.info(trace).body(experimentID: "1", spanSizes: [1])
        let json = try #require(try JSONSerialization.jsonObject(with: Data(body)) as? NSDictionary)
        let info = (json["trace"] as? NSDictionary)?["trace_info"] as? NSDictionary
        return info?["assessments"] as? [NSDictionary] ?? []
    }

    @Test func `feedback has the form of MLflow's REST API`() throws {
        let stored = """
            {"kind":"feedback","name":"good","source":{"type":"HUMAN","id":"bob"},"value":[0.5,true],\
            "rationale":"why","metadata":{"a_b":"c"},"span_id":"00000000000000ff"}
            """
        let found = try #require(try assessments(["a-1": stored]).first)
        let expected: NSDictionary = [
            "assessment_id": "a-1", "assessment_name": "good",
            "trace_id": "tr-\(Sample.traceID)", "span_id": "00000000000000ff",
            "source": ["source_type": "HUMAN", "source_id": "bob"],
            "create_time": "2023-11-14T22:13:20.123Z",
            "last_update_time": "2023-11-14T22:13:20.123Z",
            "feedback": ["value": [0.5, true] as [Any]], "rationale": "why",
            "metadata": ["a_b": "c"], "valid": true,
        ]
        #expect(found == expected)
    }

    @Test(arguments: [
        (#"7"#, #"{"value":7}"#), (#""text""#, #"{"value":"text"}"#),
        (
            #"{"b":1,"a":[2]}"#,
            #"{"serialized_value":{"serialization_format":"JSON_FORMAT","value":"{\"a\":[2],\"b\":1}"}}"#
        ),
    ])
    func `an expectation that is no scalar travels as text`(value: String, sent: String) throws {
        let stored = """
            {"kind":"expectation","name":"e","source":{"type":"CODE","id":"x"},"value":\(value)}
            """
        let found = try #require(try assessments(["a-1": stored]).first)["expectation"]
        let expected = try JSONSerialization.jsonObject(with: Data(sent.utf8)) as? NSDictionary
        #expect(found as? NSDictionary == expected)
    }

    @Test func `a judge that failed says how`() throws {
        let stored = """
            {"kind":"feedback","name":"f","source":{"type":"LLM_JUDGE","id":"m"},"value":null,\
            "error_code":"LIMIT","error_message":"later","error_stack_trace":"line 1"}
            """
        let found = try #require(try assessments(["a-1": stored]).first)["feedback"]
        let expected: NSDictionary = [
            "value": NSNull(),
            "error": ["error_code": "LIMIT", "error_message": "later", "stack_trace": "line 1"],
        ]
        #expect(found as? NSDictionary == expected)
    }

    @Test(arguments: [
        "", "{}", "[1]", "{\"kind\":\"feedback\"}",
        #"{"kind":"verdict","name":"n","source":{"type":"CODE","id":"x"},"value":1}"#,
        #"{"kind":"feedback","name":"n","source":{"type":"ORACLE","id":"x"},"value":1}"#,
        #"{"kind":"feedback","name":"n","source":{"type":"CODE","id":"x"},"value":"#
            + String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000) + "}",
    ])
    func `what no recorder writes is left out`(stored: String) throws {
        #expect(try assessments(["a-1": stored]).isEmpty)
    }

    @Test func `several are in the order of their ids, so that a repeat says the same`() throws {
        let stored = #"{"kind":"feedback","name":"n","source":{"type":"CODE","id":"x"},"value":1}"#
        let ids = (10..<30).map { "a-\($0)" }
        let found = try assessments(Dictionary(uniqueKeysWithValues: ids.map { ($0, stored) }))
        #expect(found.map { $0["assessment_id"] as? String } == ids)
    }
}

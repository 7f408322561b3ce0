@testable import SpanLog
import SpanLogFormat
import Testing

@Suite struct LimitsTests {
    private static func limited(_ change: (inout SpanLimits) -> Void) -> Recorder.Configuration {
        var configuration = Recorder.Configuration(serviceName: "test", environment: [:])
        var limits = SpanLimits()
        change(&limits)
        configuration.limits = limits
        return configuration
    }

    @Test func `attributes beyond the limit are counted, and a known key still gets its new value`()
        async throws
    {
        let recording = try await Recording(Self.limited { $0.attributeCountMax = 2 }) { tracer in
            let span = tracer.startSpan("one by one", context: .topLevel)
            for key in ["a", "b", "c", "d"] { span.setAttribute(key, 1) }
            span.setAttribute("b", 2)
            span.end()
            tracer.withSpan("dictionary") { span in
                span.updateAttributes { attributes in
                    for number in 0..<5 { attributes["key \(number)"] = number }
                }
                span.attributes["key 5"] = 5
            }
        }
        let single = try #require(recording["one by one"])
        #expect(Set(single.attributes) == [Attribute("a", .int(1)), Attribute("b", .int(2))])
        #expect(single.droppedAttributesCount == 2)
        let dictionary = try #require(recording["dictionary"])
        #expect(dictionary.attributes.count == 2)
        #expect(dictionary.droppedAttributesCount == 4)
    }

    @Test func `texts are cut off behind the limit's scalars, in arrays and events too`()
        async throws
    {
        let configuration = Self.limited { $0.attributeValueLengthMax = 3 }
        let recording = try await Recording(configuration) { tracer in
            let span = tracer.startSpan("span", context: .topLevel)
            span.setAttribute("short", "äöü")
            span.setAttribute("long", "äöüß")
            span.attributes["several"] = ["abcd", "ab"]
            span.addEvent(SpanEvent(name: "event", attributes: ["text": "abcd"]))
            span.end()
        }
        let span = try #require(recording["span"])
        #expect(span.attributes.value(for: "short") == .string("äöü"))
        #expect(span.attributes.value(for: "long") == .string("äöü"))
        #expect(
            span.attributes.value(for: "several") == .array([.string("abc"), .string("ab")]))
        #expect(span.events.first?.attributes == [Attribute("text", .string("abc"))])
    }

    @Test func `events, links and their attributes have limits that count`() async throws {
        let configuration = Self.limited { limits in
            limits.eventCountMax = 2
            limits.linkCountMax = 1
            limits.eventAttributeCountMax = 1
            limits.linkAttributeCountMax = 0
        }
        let recording = try await Recording(configuration) { tracer in
            let other = tracer.startSpan("other", context: .topLevel)
            let span = tracer.startSpan("span", context: .topLevel)
            for _ in 0..<5 {
                span.addEvent(SpanEvent(name: "event", attributes: ["a": 1, "b": 2, "c": 3]))
                span.addLink(SpanLink(context: other.context, attributes: ["a": 1]))
            }
            span.end()
        }
        let span = try #require(recording["span"])
        #expect(span.events.count == 2 && span.droppedEventsCount == 3)
        #expect(span.events.allSatisfy { $0.droppedAttributesCount == 2 })
        #expect(span.links.count == 1 && span.droppedLinksCount == 4)
        #expect(span.links.first?.droppedAttributesCount == 1)
    }

    @Test func `the environment sets the limits under OpenTelemetry's names`() throws {
        let limits = try SpanLimits(environment: [
            "OTEL_ATTRIBUTE_COUNT_LIMIT": "10", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "20",
            "OTEL_SPAN_EVENT_COUNT_LIMIT": "30", "OTEL_SPAN_LINK_COUNT_LIMIT": "40",
            "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT": "50", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT": "60",
        ])
        #expect(limits.attributeCountMax == 20)
        #expect(limits.eventAttributeCountMax == 10)
        #expect(limits.linkAttributeCountMax == 50)
        #expect(limits.eventCountMax == 30 && limits.linkCountMax == 40)
        #expect(limits.attributeValueLengthMax == 60)
        #expect(try SpanLimits(environment: [:]) == SpanLimits())
    }

    @Test(arguments: ["-1", "many", "1.5"])
    func `a limit that is no number is refused by its name`(text: String) throws {
        let name = "OTEL_SPAN_EVENT_COUNT_LIMIT"
        let error = #expect(throws: RecorderError.self) {
            try SpanLimits(environment: [name: text])
        }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains(name) == true)
    }
}

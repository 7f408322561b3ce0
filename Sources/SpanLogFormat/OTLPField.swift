/// The field numbers of `opentelemetry/proto/trace/v1/trace.proto` and its companions.
package enum OTLPField {
    package enum TracesData {
        package static let resourceSpans = 1
    }

    package enum ResourceSpans {
        package static let resource = 1
        package static let scopeSpans = 2
        package static let schemaURL = 3
    }

    package enum Resource {
        package static let attributes = 1
        package static let droppedAttributesCount = 2
    }

    package enum ScopeSpans {
        package static let scope = 1
        package static let spans = 2
        package static let schemaURL = 3
    }

    package enum Scope {
        package static let name = 1
        package static let version = 2
        package static let attributes = 3
    }

    package enum Span {
        package static let traceID = 1
        package static let spanID = 2
        package static let traceState = 3
        package static let parentSpanID = 4
        package static let name = 5
        package static let kind = 6
        package static let startNanoseconds = 7
        package static let endNanoseconds = 8
        package static let attributes = 9
        package static let droppedAttributesCount = 10
        package static let events = 11
        package static let droppedEventsCount = 12
        package static let links = 13
        package static let droppedLinksCount = 14
        package static let status = 15
        package static let flags = 16
    }

    package enum Event {
        package static let nanoseconds = 1
        package static let name = 2
        package static let attributes = 3
        package static let droppedAttributesCount = 4
    }

    package enum Link {
        package static let traceID = 1
        package static let spanID = 2
        package static let traceState = 3
        package static let attributes = 4
        package static let droppedAttributesCount = 5
        package static let flags = 6
    }

    package enum Status {
        package static let message = 2
        package static let code = 3
    }

    package enum KeyValue {
        package static let key = 1
        package static let value = 2
    }

    package enum AnyValue {
        package static let string = 1
        package static let bool = 2
        package static let int = 3
        package static let double = 4
        package static let array = 5
        package static let map = 6
        package static let bytes = 7
    }

    package enum List {
        package static let values = 1
    }
}

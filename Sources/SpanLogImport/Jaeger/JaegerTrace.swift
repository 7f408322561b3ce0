internal import SpanLogFormat
internal import SpanLogJSON

/// A trace as Jaeger's interface and its API have it, in OTLP by OpenTelemetry's rules.
struct JaegerTrace {
    private var spans: [(span: JaegerSpan, offset: Int)] = []
    private var processes: [String: [Attribute]] = [:]
    private var refused: [JSONFault] = []

    /// Reads `{"traceID": …, "spans": […], "processes": {…}}`.
    ///
    /// - Throws: ``OTLPJSON/Refusal`` if it is no JSON, or no trace. Spans that are wrong are left out.
    static func document(_ bytes: [UInt8]) throws(OTLPJSON.Refusal) -> OTLPJSON.Document {
        do {
            var trace = JaegerTrace()
            var reader = JSONReader(bytes)
            try trace.read(&reader)
            try reader.finish()
            return trace.document()
        } catch {
            throw OTLPJSON.Refusal(error)
        }
    }

    private mutating func read(_ reader: inout JSONReader) throws(JSONFault) {
        let start = reader.position
        var hasSpans = false
        var members = try reader.object()
        while let name = try reader.next(&members) {
            switch Self.names.index(of: name, in: reader.bytes) {
            case 0:
                hasSpans = true
                guard try !reader.skipNull() else { continue }
                var elements = try reader.array()
                while try reader.hasNext(&elements) { try readSpan(&reader) }
            case 1: try readProcesses(&reader)
            default: try reader.skip()
            }
        }
        guard hasSpans else { throw JSONFault(start, "the trace has no spans") }
    }

    private static let names = JSONNames(["spans", "processes"])

    private mutating func readSpan(_ reader: inout JSONReader) throws(JSONFault) {
        let before = reader
        let start = reader.position
        do {
            spans.append((try JaegerSpan(&reader), start))
        } catch {
            guard !error.breaksGrammar else { throw error }
            reader = before
            try reader.skip()
            refused.append(error)
        }
    }

    private mutating func readProcesses(_ reader: inout JSONReader) throws(JSONFault) {
        guard try !reader.skipNull() else { return }
        var members = try reader.object()
        while let name = try reader.next(&members) {
            let id = JSONString.text(reader.bytes, name)
            processes[id] = try JaegerProcess.resource(&reader)
        }
    }

    private func document() -> OTLPJSON.Document {
        var document = OTLPDocument()
        var refused = refused
        for (span, offset) in spans {
            guard let resource = span.process ?? span.processID.flatMap({ processes[$0] }) else {
                let id = span.processID ?? ""
                refused.append(JSONFault(offset, "there is no process \"\(id)\" in its trace"))
                continue
            }
            document.add(span.record, resource: resource, span.scope)
        }
        return document.document(refused: refused)
    }
}

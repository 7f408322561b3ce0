internal import SpanLogFormat

/// The status of spans whose format has none: what tags say of it, by OpenTelemetry's rules.
enum TagStatus {
    /// Takes the tags that say it out of those of a Jaeger span.
    static func jaeger(
        taking tags: inout [Attribute], _ kind: SpanRecord.Kind
    ) -> SpanRecord.Status {
        if tags.value(for: "error").map(isTrue) ?? false {
            _ = tags.take("error")
            _ = tags.take("otel.status_code")
            let message = tags.takeText("otel.status_description")
            return SpanRecord.Status(
                code: .error, message: message ?? tags.text(for: "http.status_message") ?? "")
        }
        if let status = said(taking: &tags) { return status }
        return http(tags, kind)
    }

    /// Takes the tags that say it out of those of a Zipkin span, where the tag `error` alone, with
    /// whatever value, makes it one.
    static func zipkin(taking tags: inout [Attribute]) -> SpanRecord.Status {
        let said = said(taking: &tags)
        let isFailed = said.map { $0.code == .error } ?? (tags.text(for: "error") != "false")
        guard isFailed, let error = tags.takeText("error") else { return said ?? .init() }
        var status = said ?? SpanRecord.Status(code: .error)
        if status.message.isEmpty, error != "true" { status.message = error }
        return status
    }

    /// What `otel.status_code` says, which is taken out with its description.
    private static func said(taking tags: inout [Attribute]) -> SpanRecord.Status? {
        guard let name = tags.text(for: "otel.status_code"), let code = code(name) else {
            return nil
        }
        _ = tags.take("otel.status_code")
        let message = tags.takeText("otel.status_description") ?? ""
        return SpanRecord.Status(code: code, message: message)
    }

    private static func code(_ name: String) -> SpanRecord.Status.Code? {
        switch name.uppercased() {
        case "OK", "STATUS_CODE_OK": .ok
        case "ERROR", "STATUS_CODE_ERROR": .error
        case "UNSET", "STATUS_CODE_UNSET": .unset
        default: nil
        }
    }

    private static func isTrue(_ value: AttributeValue) -> Bool {
        value == .bool(true) || value == .string("true")
    }

    /// What a code of HTTP means: failure from 500 on, and for who called also from 400 on.
    private static func http(
        _ tags: [Attribute], _ kind: SpanRecord.Kind
    ) -> SpanRecord.Status {
        let code: Int64?
        switch tags.value(for: "http.status_code") {
        case .int(let number): code = number
        case .string(let text): code = Int64(text)
        default: code = nil
        }
        guard let code, code >= 400, code >= 500 || kind != .server else { return .init() }
        return SpanRecord.Status(
            code: .error, message: tags.text(for: "http.status_message") ?? "")
    }
}

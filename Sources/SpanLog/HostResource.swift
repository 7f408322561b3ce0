internal import FoundationEssentials
internal import SpanLogFormat

/// What can be found out about this process without being told, by OpenTelemetry's names.
enum HostResource {
    static func attributes(recorderID: RecorderID) -> [String: AttributeValue] {
        let process = ProcessInfo.processInfo
        let executable = process.arguments.first?.split(separator: "/").last.map(String.init)
        return [
            "service.name": .string("unknown_service:\(executable ?? "swift")"),
            "service.instance.id": .string(uuid(recorderID)),
            "host.name": .string(process.hostName),
            "os.type": .string("linux"),
            "process.pid": .int(Int64(process.processIdentifier)),
            "process.executable.name": .string(executable ?? ""),
            "telemetry.sdk.name": .string("spanlog"),
            "telemetry.sdk.language": .string("swift"),
            "telemetry.sdk.version": .string(Version.current),
        ]
    }

    /// The recorder's id in the form that OpenTelemetry recommends for instances.
    private static func uuid(_ id: RecorderID) -> String {
        let digits = id.description
        var groups: [Substring] = []
        var start = digits.startIndex
        for length in [8, 4, 4, 4, 12] {
            let end = digits.index(start, offsetBy: length)
            groups.append(digits[start..<end])
            start = end
        }
        return groups.joined(separator: "-")
    }
}

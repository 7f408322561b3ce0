internal import SpanLogFormat
internal import SpanLogJSON

/// One side of a call as Zipkin has it.
struct ZipkinEndpoint {
    private(set) var service = ""
    private(set) var address = ""
    private var port: UInt64 = 0

    init() {}

    /// Reads `{"serviceName": …, "ipv4": …, "port": …}`.
    init(_ reader: inout JSONReader) throws(JSONFault) {
        var members = try reader.object()
        while let index = try reader.next(&members, of: Self.names) {
            switch index {
            case 0: service = try reader.text()
            case 1: address = try reader.text()
            case 2:
                let text = try reader.text()
                if address.isEmpty { address = text }
            default: port = try reader.count()
            }
        }
    }

    private static let names = JSONNames(["serviceName", "ipv4", "ipv6", "port"])

    /// Address and port, by OpenTelemetry's names for them.
    func attributes(_ prefix: String) -> [Attribute] {
        var attributes: [Attribute] = []
        if !address.isEmpty { attributes.append(Attribute("\(prefix).address", .string(address))) }
        if port > 0 { attributes.append(Attribute("\(prefix).port", .int(Int64(clamping: port)))) }
        return attributes
    }
}

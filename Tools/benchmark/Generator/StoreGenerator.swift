import SpanLogFormat
import SpanLogStore

/// Makes stores as a distributed system would have recorded them, with the truth beside them.
///
/// Time runs in one line; each host's clock says something else. A call to another service is a
/// client span and a server span, whose times nest in true time.
package struct StoreGenerator: ~Copyable {
    private let shape: StoreShape
    private var random: RandomNumbers
    private var truth: GeneratedTruth
    private var writers: [HostWriterBox] = []
    private var templates: [[UInt8]] = []

    /// A reference, since an array holds no types without copies.
    private final class HostWriterBox {
        var writer: HostWriter
        let host: Int

        init(_ writer: consuming HostWriter, host: Int) {
            self.writer = writer
            self.host = host
        }
    }

    /// Nanoseconds since 1970 at which the first trace begins.
    private static let epoch: UInt64 = 1_700_000_000_000_000_000
    private static let bootOffset: UInt64 = 3_600_000_000_000

    /// Writes the stores into `path`, one for each host, and `truth.json` beside them.
    package static func generate(_ shape: StoreShape, in path: String) throws -> GeneratedTruth {
        var generator = try StoreGenerator(shape, path)
        try generator.generate()
        try FileSystem.replaceFile("\(path)/truth.json", with: try generator.truth.json())
        return generator.truth
    }

    private init(_ shape: StoreShape, _ path: String) throws {
        self.shape = shape
        random = RandomNumbers(seed: shape.seed)
        truth = GeneratedTruth(shape: shape)
        let duration = Double(shape.spanCount / shape.traceSpanCount) / shape.tracesPerSecond * 1e9
        for _ in 0..<shape.hostCount {
            var host = GeneratedTruth.Host(
                bootID: Hexadecimal.string(random.bytes(16)),
                offsetNanoseconds: random.spread(shape.offsetNanosecondsMax),
                driftPPM: (random.unit() * 2 - 1) * shape.driftPPMMax)
            for _ in 0..<shape.stepCount {
                host.steps.append(
                    .init(
                        atNanoseconds: UInt64(random.unit() * duration),
                        nanoseconds: random.spread(shape.stepNanosecondsMax)))
            }
            truth.hosts.append(host)
        }
        for service in 0..<shape.serviceCount {
            let host = service % shape.hostCount
            let writer = try HostWriter(
                "\(path)/host-\(host)", service: "service-\(service)", host: "host-\(host)",
                bootID: Hexadecimal.bytes(truth.hosts[host].bootID) ?? [],
                recorderID: RecorderID(bytes: random.bytes(16))!, shape)
            writers.append(HostWriterBox(writer, host: host))
        }
        makeTemplates()
    }

    /// Attributes as they are recorded, in a few lengths around the wanted one.
    private mutating func makeTemplates() {
        for number in 0..<64 {
            var writer = ProtobufWriter()
            let filler = max(
                0, shape.spanByteCount - 250 + (number - 32) * shape.spanByteCount / 80)
            writer.attributes(
                OTLPField.Span.attributes,
                [
                    Attribute("http.request.method", .string("GET")),
                    Attribute("http.response.status_code", .int(Int64(200 + number % 5))),
                    Attribute("url.path", .string("/api/v1/items/\(random.next() % 100_000)")),
                    Attribute("note", .string(Self.text(filler, &random))),
                ])
            templates.append(writer.bytes)
        }
    }

    private static func text(_ count: Int, _ random: inout RandomNumbers) -> String {
        let words = ["alpha", "record", "carrier", "beacon", "summit", "harbour", "lantern", "42"]
        var text = ""
        while text.utf8.count < count { text += words[random.below(words.count)] + " " }
        return String(text.prefix(count))
    }
}

extension StoreGenerator {
    private struct Spanned {
        let id: UInt64
        let service: Int
        let start: UInt64
        let end: UInt64
    }

    private mutating func generate() throws {
        var left = shape.spanCount
        while left > 0 {
            let count = min(left, traceSpanCount())
            let time = UInt64(Double(truth.traceCount) / shape.tracesPerSecond * 1e9)
            try generateTrace(count, at: time + UInt64(random.below(500_000)))
            truth.traceCount += 1
            left -= count
        }
        for index in writers.indices {
            try seal(index, at: UInt64(Double(truth.traceCount) / shape.tracesPerSecond * 1e9))
            try writers[index].writer.write()
        }
    }

    private mutating func traceSpanCount() -> Int {
        guard shape.isSpread else { return shape.traceSpanCount }
        var count = 1
        while random.unit() > 1 / Double(shape.traceSpanCount), count < 1_000_000 { count += 1 }
        return count
    }

    private mutating func generateTrace(_ count: Int, at time: UInt64) throws {
        let id = TraceID(high: random.next(), low: random.next() | 1)
        let root = Spanned(
            id: random.next() | 1, service: random.below(writers.count), start: time,
            end: time + 20_000_000 + UInt64(random.below(50_000_000)))
        try record(root, of: id, parent: nil, kind: .server, isRemote: false)
        var spans = [root]
        while spans.count < count {
            let parent = spans[parentPlace(among: spans.count)]
            let (start, end) = within(parent)
            guard spans.count + 2 <= count, writers.count > 1, random.below(2) == 0 else {
                let span = Spanned(
                    id: random.next() | 1, service: parent.service, start: start, end: end)
                try record(span, of: id, parent: parent, kind: .internal, isRemote: false)
                spans.append(span)
                continue
            }
            try call(from: parent, start, end, of: id, &spans)
        }
    }

    private mutating func parentPlace(among count: Int) -> Int {
        switch shape.parent {
        case .any: random.below(count)
        case .last: count - 1
        case .first: 0
        }
    }

    /// A client span on the parent's service and a server span on another one.
    private mutating func call(
        from parent: Spanned, _ start: UInt64, _ end: UInt64, of id: TraceID,
        _ spans: inout [Spanned]
    ) throws {
        let client = Spanned(
            id: random.next() | 1, service: parent.service, start: start, end: end)
        var other = random.below(writers.count - 1)
        if other >= parent.service { other += 1 }
        // 60 to 200 µs each way.
        let (there, back) = (60_000 + random.below(140_000), 60_000 + random.below(140_000))
        let arrival = min(end, start + UInt64(there))
        let server = Spanned(
            id: random.next() | 1, service: other, start: arrival,
            end: max(arrival, end - min(end, UInt64(back))))
        try record(client, of: id, parent: parent, kind: .client, isRemote: false)
        try record(server, of: id, parent: client, kind: .server, isRemote: true)
        if writers[other].host != writers[parent.service].host { truth.remoteCallCount += 1 }
        spans += [client, server]
    }

    /// A time within that of `parent`.
    private mutating func within(_ parent: Spanned) -> (start: UInt64, end: UInt64) {
        let length = Int(max(parent.end - parent.start, 8))
        let start = parent.start + UInt64(random.below(length / 2))
        return (start, start + UInt64(random.below(length / 2)))
    }

    private mutating func record(
        _ span: Spanned, of id: TraceID, parent: Spanned?, kind: SpanRecord.Kind, isRemote: Bool
    ) throws {
        let host = writers[span.service].host
        let start = wall(host, span.start)
        // Durations come from a clock that is never stepped.
        let drift = 1 + truth.hosts[host].driftPPM * 1e-6
        let end = start + UInt64(Double(span.end - span.start) * drift)
        typealias Field = OTLPField.Span
        var writer = ProtobufWriter(reserving: shape.spanByteCount + 64)
        writer.data(Field.traceID, id.bytes)
        writer.data(Field.spanID, SpanID(span.id).bytes)
        if let parent { writer.data(Field.parentSpanID, SpanID(parent.id).bytes) }
        writer.string(Field.name, Self.names[Int(span.id >> 32) % Self.names.count])
        writer.uint64(Field.kind, UInt64(kind.rawValue))
        writer.fixed64(Field.startNanoseconds, start)
        writer.fixed64(Field.endNanoseconds, end)
        writer.bytes += templates[Int(span.id >> 16) % templates.count]
        let remote = isRemote ? SpanRecord.parentRemote : 0
        writer.fixed32(Field.flags, 1 | SpanRecord.parentRemoteKnown | remote)
        let box = writers[span.service]
        box.writer.append(writer.bytes, start: start, end: end, isDuplicate: false)
        if shape.duplicateShare > 0, random.unit() < shape.duplicateShare {
            box.writer.append(writer.bytes, start: start, end: end, isDuplicate: true)
        }
        if box.writer.isFull { try seal(span.service, at: span.end) }
    }

    private mutating func seal(_ service: Int, at time: UInt64) throws {
        let host = writers[service].host
        let drift = 1 + truth.hosts[host].driftPPM * 1e-6
        try writers[service].writer.seal(
            wall: wall(host, time), boottime: Self.bootOffset + UInt64(Double(time) * drift),
            &random, &truth)
    }

    /// What the wall clock of a host says at a true time.
    private func wall(_ host: Int, _ time: UInt64) -> UInt64 {
        let host = truth.hosts[host]
        var wall = Int64(Self.epoch) + host.offsetNanoseconds
        wall += Int64(Double(time) * (1 + host.driftPPM * 1e-6))
        for step in host.steps where step.atNanoseconds <= time { wall += step.nanoseconds }
        return UInt64(wall)
    }

    private static let names = [
        "GET /api/v1/items", "authorize", "SELECT items", "render", "plan", "search", "embed",
        "POST /v1/messages",
    ]
}

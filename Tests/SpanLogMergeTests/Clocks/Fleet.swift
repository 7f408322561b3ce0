import SpanLogFormat
import SpanLogTestSupport

/// Hosts that call each other, whose clocks say something else than the truth, and the blocks that
/// they leave.
struct Fleet {
    static let epoch: UInt64 = 1_700_000_000_000_000_000
    /// True time when the hosts have been up for this long is 0.
    static let upFor: UInt64 = 1_000_000_000_000
    static let second: Int64 = 1_000_000_000

    private(set) var blocks: [CraftedBlock] = []
    /// When each span truly started, in nanoseconds since the epoch.
    private(set) var starts: [UInt64: Int64] = [:]
    private(set) var hosts: [UInt64: Int] = [:]
    private let clocks: [HostClock]
    private var waiting: [[(end: Int64, span: SpanRecord)]]
    private var generator: SeededGenerator
    private var lastID: UInt64 = 0

    /// How far ahead of the truth a host's clock is, and where it is set.
    struct HostClock {
        var ahead: Int64 = 0
        var steps: [(at: Int64, by: Int64)] = []

        func ahead(at time: Int64) -> Int64 {
            steps.reduce(ahead) { $0 + ($1.at <= time ? $1.by : 0) }
        }
    }

    init(_ clocks: [HostClock], seed: UInt64) {
        self.clocks = clocks
        waiting = clocks.map { _ in [] }
        generator = SeededGenerator(seed: seed)
    }

    /// What the wall clock of a host says.
    func wall(_ host: Int, _ time: Int64) -> UInt64 {
        UInt64(Int64(Self.epoch) + time + clocks[host].ahead(at: time))
    }

    /// A trace of calls through hosts that begins at a true time: each calls the next one.
    mutating func trace(_ id: UInt64, through path: [Int], at time: Int64) {
        var (start, end) = (time, time + 40_000_000)
        var parent: UInt64?
        for (depth, host) in path.enumerated() {
            let work = span(id, parent, host, .server, start, end)
            guard depth + 1 < path.count else { break }
            start += 1_000_000
            end -= 1_000_000
            parent = span(id, work, host, .client, start, end)
            // The messages take 100 to 300 µs.
            start += Int64(100_000 + generator.below(200_000))
            end -= Int64(100_000 + generator.below(200_000))
        }
    }

    @discardableResult
    mutating func span(
        _ trace: UInt64, _ parent: UInt64?, _ host: Int, _ kind: SpanRecord.Kind, _ start: Int64,
        _ end: Int64, id: UInt64? = nil, _ change: (inout SpanRecord) -> Void = { _ in }
    ) -> UInt64 {
        lastID += 1
        let id = id ?? lastID
        let wall = wall(host, start)
        // A recorder takes durations from a clock that is never set.
        var span = SpanRecord(
            traceID: TraceID(high: 0, low: trace), spanID: SpanID(id),
            parentSpanID: parent.map { SpanID($0) }, name: "\(host)/\(id)",
            startNanoseconds: wall, endNanoseconds: wall + UInt64(end - start))
        span.kind = kind
        span.flags = 0x301
        change(&span)
        (starts[id], hosts[id]) = (start, host)
        waiting[host].append((end, span))
        return id
    }

    /// Seals blocks five times a second until `end`.
    mutating func seal(until end: Int64) {
        for host in clocks.indices {
            let spans = waiting[host].sorted { ($0.end, $0.span.spanID) < ($1.end, $1.span.spanID) }
            var rest = spans[...]
            for (number, time) in stride(from: 0, through: end, by: 200_000_000).enumerated() {
                let sealed = rest.prefix { $0.end <= time }
                rest = rest.dropFirst(sealed.count)
                var block = CraftedBlock(
                    recorder: UInt8(host + 1), sequence: UInt64(number), sealed.map(\.span))
                block.boot = UInt8(host + 1)
                block.service = "service \(host)"
                block.host = "host-\(host)"
                block.sealed = (wall(host, time), Self.upFor + UInt64(time))
                blocks.append(block)
            }
            waiting[host] = []
        }
    }

    /// Four hosts, two of which are seconds off and one of which is set back in the middle.
    static func usual(seed: UInt64, traceCount: Int = 60) -> Fleet {
        var fleet = Fleet(
            [
                HostClock(), HostClock(ahead: 3 * second), HostClock(ahead: -3 * second),
                HostClock(ahead: 40_000_000, steps: [(7 * second, -second / 2)]),
            ], seed: seed)
        var generator = SeededGenerator(seed: seed + 100)
        for number in 0..<traceCount {
            let time = Int64(number) * 10 * second / Int64(traceCount)
            let path = [0, 1, 2, 3].shuffled(using: &generator)
            fleet.trace(UInt64(number + 1), through: path, at: time)
        }
        fleet.seal(until: 11 * second)
        return fleet
    }
}

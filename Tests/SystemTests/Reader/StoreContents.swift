import SpanLogFormat
import SpanLogStore

/// What a store holds.
struct StoreContents: Encodable {
    /// The names of the spans that have an end, one for each time that they are there.
    private(set) var ended: [String] = []
    /// The names of the spans that have none, but for those that are there with an end as well.
    private(set) var open: [String] = []
    /// When each span that has an end started and ended, in nanoseconds since 1970.
    private(set) var times: [[UInt64]] = []
    /// What the wall clock and the clock since boot said when each block was sealed.
    private(set) var anchors: [[UInt64]] = []
    /// What `spanlog verify` would report.
    private(set) var damages: [String] = []

    init(_ path: String) {
        do {
            read(try Store(path))
        } catch {
            damages = ["\(path): \(error)"]
        }
    }

    private mutating func read(_ store: Store) {
        var unfinished: [(key: Key, name: String)] = []
        var finished: Set<Key> = []
        var failures: [String] = []
        let report = StoreReport(store) { block in
            let anchor = block.header.anchor
            anchors.append([anchor.realtimeNanoseconds, anchor.boottimeNanoseconds])
            do {
                try TracesData.forEachSpan(in: block.bytes, block.payload) { place in
                    let span = try SpanRecord(decoding: block.bytes, place.span)
                    let key = Key(recorder: block.header.recorderID, span: span.spanID)
                    if span.endNanoseconds == 0 {
                        unfinished.append((key, span.name))
                    } else {
                        finished.insert(key)
                        ended.append(span.name)
                        times.append([span.startNanoseconds, span.endNanoseconds])
                    }
                }
            } catch {
                failures.append("\(error)")
            }
        }
        open = unfinished.filter { !finished.contains($0.key) }.map(\.name)
        damages = report.damages.map { "\($0.file): \($0.reason)" } + failures
    }

    private struct Key: Hashable {
        let recorder: RecorderID
        let span: SpanID
    }
}

import SpanLogFormat
import SpanLogStore

/// Encoded summaries of traces, sorted by start and trace id.
struct SummaryRun: Sendable {
    private(set) var places: [Place] = []
    private(set) var bytes: [UInt8] = []

    /// A summary, and what it is sorted by.
    struct Place: BitwiseCopyable, Comparable, Sendable {
        let start: UInt64
        let high: UInt64
        let low: UInt64
        let offset: UInt32
        let byteCount: UInt32

        static func < (left: Self, right: Self) -> Bool {
            if left.start != right.start { return left.start < right.start }
            if left.high != right.high { return left.high < right.high }
            return left.low < right.low
        }
    }

    init() {}

    /// - Parameter places: Their offsets are greater by that of the first one.
    init(_ places: [Place], _ bytes: [UInt8]) {
        self.places = places
        self.bytes = bytes
    }

    var byteCount: Int { bytes.count + places.count * MemoryLayout<Place>.stride }

    /// Adds the summary of the trace `id` that `encode` writes.
    mutating func append(
        _ id: TraceID, start: UInt64, _ encode: (inout ProtobufWriter) -> Void
    ) {
        let offset = bytes.count
        var writer = ProtobufWriter()
        swap(&writer.bytes, &bytes)
        encode(&writer)
        swap(&writer.bytes, &bytes)
        places.append(
            Place(
                start: start, high: id.high, low: id.low, offset: UInt32(offset),
                byteCount: UInt32(bytes.count - offset)))
    }

    /// The same summaries in order, and their bytes with them: a run is read from its beginning.
    func sorted() -> SummaryRun {
        var run = SummaryRun()
        run.bytes.reserveCapacity(bytes.count)
        run.places.reserveCapacity(places.count)
        for place in places.sorted() { run.append(place, self[place]) }
        return run
    }

    /// Forgets everything but the memory that it took.
    mutating func removeAll() {
        places.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func append(_ place: Place, _ content: ArraySlice<UInt8>) {
        places.append(
            Place(
                start: place.start, high: place.high, low: place.low, offset: UInt32(bytes.count),
                byteCount: place.byteCount))
        bytes += content
    }

    subscript(_ place: Place) -> ArraySlice<UInt8> {
        let start = Int(place.offset) - Int(places[0].offset)
        return bytes[start..<start + Int(place.byteCount)]
    }
}

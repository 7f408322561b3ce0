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

    subscript(_ place: Place) -> ArraySlice<UInt8> {
        bytes[Int(place.offset)..<Int(place.offset) + Int(place.byteCount)]
    }
}

/// Runs of summaries in temporary space, and their merge into the table `index`.
struct SummaryRuns {
    private let space: SpillSpace
    private let area = SpillArea()
    private let bytesMax: Int
    private var waiting: [SummaryRun] = []
    private var waitingByteCount = 0
    private var spilled: [Spilled] = []

    private struct Spilled {
        let places: SpillFile.Place
        let bytes: SpillFile.Place
    }

    init(_ space: SpillSpace, bytesMax: Int) {
        self.space = space
        self.bytesMax = bytesMax
    }

    /// Takes a sorted run.
    mutating func append(_ run: SummaryRun) throws {
        guard !run.places.isEmpty else { return }
        waiting.append(run)
        waitingByteCount += run.byteCount
        guard waitingByteCount > bytesMax else { return }
        try spillWaiting()
        waiting = []
        waitingByteCount = 0
    }

    private mutating func spillWaiting() throws {
        guard spilled.count + waiting.count > Self.runsMax else {
            for run in waiting { try spill(run) }
            return
        }
        // One run of all that waits: the fewer there are, the less the last merge has to hold.
        var all = SummaryRun()
        try Self.merge(waiting.map { RunReader($0) }) { place, bytes in
            all.append(place, bytes)
        }
        try spill(all)
    }

    private mutating func spill(_ run: SummaryRun) throws {
        try space.withFile(of: area) { file in
            spilled.append(
                Spilled(
                    places: try file.write(run.places[...]),
                    bytes: try file.write(run.bytes[...])))
        }
    }

    /// Runs beyond this are merged before they are written.
    private static let runsMax = 1024

    /// Calls `body` with all summaries in order.
    consuming func forEach(_ body: (SummaryRun.Place, ArraySlice<UInt8>) throws -> Void) throws {
        var readers = waiting.map { RunReader($0) }
        if !spilled.isEmpty {
            try space.withFile(of: area) { file in
                for run in spilled {
                    readers.append(try RunReader(file, places: run.places, bytes: run.bytes))
                }
            }
        }
        try Self.merge(readers, body)
    }

    private static func merge(
        _ readers: [RunReader], _ body: (SummaryRun.Place, ArraySlice<UInt8>) throws -> Void
    ) throws {
        var readers = readers
        // A binary heap of what the readers hold next.
        var heap = readers.indices.compactMap { number in
            readers[number].head.map { Head(place: $0, reader: number) }
        }
        heap.sort { $0.place < $1.place }
        while let first = heap.first {
            try body(first.place, readers[first.reader].content)
            try readers[first.reader].advance()
            if let next = readers[first.reader].head {
                heap[0] = Head(place: next, reader: first.reader)
            } else {
                heap.swapAt(0, heap.count - 1)
                heap.removeLast()
            }
            sink(&heap)
        }
    }

    /// What a reader holds next.
    private struct Head {
        let place: SummaryRun.Place
        let reader: Int
    }

    /// Brings the first of a heap to where it belongs.
    private static func sink(_ heap: inout [Head]) {
        var parent = 0
        while true {
            let child = 2 * parent + 1
            guard child < heap.count else { return }
            let isRight = child + 1 < heap.count && heap[child + 1].place < heap[child].place
            let least = isRight ? child + 1 : child
            guard heap[least].place < heap[parent].place else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}

extension SummaryRun {
    fileprivate mutating func append(_ place: Place, _ content: ArraySlice<UInt8>) {
        places.append(
            Place(
                start: place.start, high: place.high, low: place.low, offset: UInt32(bytes.count),
                byteCount: place.byteCount))
        bytes += content
    }
}

/// Reads a sorted run from its beginning, a window at a time if it lies in temporary space.
private struct RunReader {
    private var run: SummaryRun
    private var next = 0
    private let file: SpillFile?
    private var unreadPlaces = SpillFile.Place(offset: 0, byteCount: 0)
    private var bytesPlace = SpillFile.Place(offset: 0, byteCount: 0)

    init(_ run: SummaryRun) {
        self.run = run
        file = nil
    }

    init(_ file: SpillFile, places: SpillFile.Place, bytes: SpillFile.Place) throws {
        run = SummaryRun()
        self.file = file
        unreadPlaces = places
        bytesPlace = bytes
        try fill()
    }

    var head: SummaryRun.Place? { next < run.places.count ? run.places[next] : nil }
    var content: ArraySlice<UInt8> { run[run.places[next]] }

    mutating func advance() throws {
        next += 1
        if next == run.places.count { try fill() }
    }

    /// Reads the next window, if there is one.
    private mutating func fill() throws {
        guard let file, unreadPlaces.byteCount > 0 else { return }
        let stride = MemoryLayout<SummaryRun.Place>.stride
        let count = min(unreadPlaces.byteCount / stride, Self.windowCount)
        var places = [SummaryRun.Place](
            repeating: .init(start: 0, high: 0, low: 0, offset: 0, byteCount: 0), count: count)
        try file.read(
            .init(offset: unreadPlaces.offset, byteCount: count * stride), into: &places, at: 0)
        unreadPlaces = .init(
            offset: unreadPlaces.offset + count * stride,
            byteCount: unreadPlaces.byteCount - count * stride)
        let first = Int(places[0].offset)
        let end = Int(places[count - 1].offset) + Int(places[count - 1].byteCount)
        var bytes = [UInt8](repeating: 0, count: end - first)
        try file.read(
            .init(offset: bytesPlace.offset + first, byteCount: end - first), into: &bytes, at: 0)
        run = SummaryRun(
            places.map { place in
                .init(
                    start: place.start, high: place.high, low: place.low,
                    offset: place.offset - UInt32(first), byteCount: place.byteCount)
            }, bytes)
        next = 0
    }

    private static let windowCount = 256
}

extension SummaryRun {
    fileprivate init(_ places: [Place], _ bytes: [UInt8]) {
        self.places = places
        self.bytes = bytes
    }
}

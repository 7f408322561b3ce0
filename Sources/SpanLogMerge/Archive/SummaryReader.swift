import SpanLogFormat
import SpanLogStore

/// A run of summaries in temporary space.
struct SpilledSummaries: Sendable {
    fileprivate let places: SpillFile.Place
    fileprivate let bytes: SpillFile.Place

    init(_ run: SummaryRun, in file: SpillFile) throws(SystemError) {
        places = try file.write(run.places.span)
        bytes = try file.write(run.bytes.span)
    }

    private static let stride = MemoryLayout<SummaryRun.Place>.stride

    fileprivate var count: Int { places.byteCount / Self.stride }

    fileprivate func places(_ range: Range<Int>, in file: SpillFile) throws -> [SummaryRun.Place] {
        var places = [SummaryRun.Place](
            repeating: .init(start: 0, high: 0, low: 0, offset: 0, byteCount: 0), count: range.count
        )
        let part = range.lowerBound * Self.stride..<range.upperBound * Self.stride
        try file.read(self.places.part(part), into: &places)
        return places
    }

    /// The place of the first summary that does not start before `start`.
    fileprivate func lowerBound(_ start: UInt64, in file: SpillFile) throws -> Int {
        guard start > 0 else { return 0 }
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            let isBefore = try places(middle..<middle + 1, in: file)[0].start < start
            if isBefore { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// Reads a sorted run, a window at a time if it lies in temporary space.
struct SummaryReader {
    private var run: SummaryRun
    private var next = 0
    private var rest: Rest?

    /// What is not read yet.
    private struct Rest {
        let file: SpillFile
        let run: SpilledSummaries
        var next: Int
        let windowCount: Int
    }

    /// Begins with the first summary that does not start before `start`.
    init(_ run: SummaryRun, from start: UInt64 = 0) {
        self.run = run
        var (low, high) = (0, start > 0 ? run.places.count : 0)
        while low < high {
            let middle = (low + high) / 2
            if run.places[middle].start < start { low = middle + 1 } else { high = middle }
        }
        next = low
    }

    /// Begins with the first summary that does not start before `start`.
    init(
        _ run: SpilledSummaries, in file: SpillFile, from start: UInt64, windowCount: Int
    ) throws {
        self.run = SummaryRun()
        rest = Rest(
            file: file, run: run, next: try run.lowerBound(start, in: file),
            windowCount: windowCount)
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
        guard let rest, rest.next < rest.run.count else { return }
        let end = min(rest.next + rest.windowCount, rest.run.count)
        let places = try rest.run.places(rest.next..<end, in: rest.file)
        let last = places[places.count - 1]
        let part = Int(places[0].offset)..<Int(last.offset) + Int(last.byteCount)
        var bytes = [UInt8](repeating: 0, count: part.count)
        try rest.file.read(rest.run.bytes.part(part), into: &bytes)
        run = SummaryRun(places, bytes)
        next = 0
        self.rest?.next = end
    }
}

extension SummaryReader {
    /// Calls `body` with all summaries of sorted runs in order, up to those that start at `end` or later.
    static func merge(
        _ readers: [SummaryReader], before end: UInt64? = nil,
        _ body: (SummaryRun.Place, ArraySlice<UInt8>) throws -> Void
    ) throws {
        var readers = readers
        // A binary heap of what the readers hold next.
        var heap = readers.indices.compactMap { number in
            readers[number].head.map { Head(place: $0, reader: number) }
        }
        heap.sort { $0.place < $1.place }
        while let first = heap.first {
            if let end, first.place.start >= end { return }
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

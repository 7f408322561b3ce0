/// The moments at which offsets are computed: the ends of each cell of time in which messages were.
struct ClockKnots: Sendable {
    /// Ascending, in nanoseconds of the reference's clock from the origin.
    private(set) var times: [Double] = []
    /// The distance between the two knots around a message.
    private(set) var step = 1e9 / 64
    /// The cells, each with the place of its first knot.
    private var places: [Int64: Int] = [:]

    /// Chooses cells of 1/64 s, or of so many times that, that there are no more than `knotMax` knots.
    init(of pairs: [PairFit], knotMax: Int) {
        var cells: Set<Int64> = []
        for side in pairs.flatMap({ [$0.upper, $0.lower] }) {
            add(side, to: &cells, cellMax: 16 * max(2, knotMax))
        }
        while Self.knotCount(cells) > max(2, knotMax) { coarsen(&cells) }
        for cell in cells.sorted() {
            if places[cell - 1] == nil { times.append(Double(cell) * step) }
            places[cell] = times.count - 1
            times.append(Double(cell + 1) * step)
        }
    }

    /// Of each message of a side, the knot at or before it; the next one is ``step`` later.
    func places(of side: PairSide) -> [Int] {
        var last: (cell: Int64, place: Int)?
        return side.times.map { time in
            let cell = cell(time)
            if let last, last.cell == cell { return last.place }
            let place = places[cell] ?? 0
            last = (cell, place)
            return place
        }
    }

    /// Coarsens in between, so that millions of cells are never held; all of them together would
    /// have to be coarsened as well.
    private mutating func add(_ side: PairSide, to cells: inout Set<Int64>, cellMax: Int) {
        var last: Int64?
        for time in side.times {
            let next = cell(time)
            guard next != last else { continue }
            cells.insert(next)
            last = next
            if cells.count > cellMax {
                coarsen(&cells)
                last = nil
            }
        }
    }

    private mutating func coarsen(_ cells: inout Set<Int64>) {
        cells = Set(cells.map { $0 >> 1 })
        step *= 2
    }

    private func cell(_ time: Double) -> Int64 {
        ClockTime.clamped((time / step).rounded(.down))
    }

    private static func knotCount(_ cells: Set<Int64>) -> Int {
        cells.reduce(0) { $0 + (cells.contains($1 - 1) ? 1 : 2) }
    }
}

/// What the messages in one direction between two domains say of φ = θ(first) − θ(second), where θ is
/// what is added to a domain's times.
///
/// Each message bounds `sign`·φ from above: those from the first domain to the second bound φ, those
/// the other way bound −φ. So for both sides less is tighter.
struct PairSide: Sendable {
    /// 1 for messages from the first domain to the second, −1 for the others.
    let sign: Double
    /// Of each message: when it was, in nanoseconds of the reference's clock from the origin.
    var times: [Double] = []
    /// Of each message: the bound, in nanoseconds, after the coarse offsets are taken out.
    var bounds: [Double] = []
    /// Of each message: whether it is a request.
    private(set) var areRequests: [Bool] = []
    /// Of each message: how far it is believed.
    var beliefs: [Belief] = []
    /// The cells, with the places of their messages.
    private(set) var cells: [Cell] = []
    /// All messages that came, kept or not.
    private(set) var count = 0

    /// How far a message is believed.
    enum Belief: Sendable {
        /// It is taken for true.
        case full
        /// Nothing speaks against it, but so tight a message would do harm if it were wrong. Bounds
        /// do without it.
        case doubted
        /// It contradicts others.
        case none
    }

    /// A cell of ``MessageSeries``.
    struct Cell: Sendable {
        let number: Int64
        let count: Int
        let messages: Range<Int>
    }

    /// No messages.
    init(sign: Double) {
        self.sign = sign
    }

    /// - Parameters:
    ///   - shift: What is added to the first domain's times, by the coarse offsets.
    ///   - coarse: φ by the coarse offsets.
    ///   - keptPerCell: How many messages of a cell the series keeps.
    init(
        sign: Double, _ series: MessageSeries, shift: Int128, coarse: Int128, keptPerCell: Int
    ) {
        self.sign = sign
        count = series.count
        times = series.kept.map { ClockTime.double(Int128($0.time) + shift) }
        let usual = sign > 0 ? coarse : -coarse
        bounds = series.kept.map { ClockTime.double(Int128($0.delay) - usual) }
        areRequests = series.kept.map(\.isRequest)
        beliefs = Array(repeating: .full, count: times.count)
        var next = 0
        for cell in series.cells {
            let end = min(next + min(cell.count, keptPerCell), times.count)
            cells.append(Cell(number: cell.number, count: cell.count, messages: next..<end))
            next = end
        }
    }

    /// Takes back all doubts.
    mutating func believeAll() {
        beliefs = Array(repeating: .full, count: times.count)
    }

    /// The bound of a message on `sign`·φ once a drift of φ of `slope` is taken out.
    func detrended(_ message: Int, _ slope: Double) -> Double {
        bounds[message] - sign * slope * times[message]
    }
}

import SpanLogFormat
import SpanLogStore

/// The identifiers of all spans of a trace whose spans have no room in memory: enough to find
/// parents and cycles.
///
/// 25 bytes a span: the spans themselves are read a share at a time.
struct LargeTrace {
    /// The identifiers of the spans' records, by their scrambled values.
    private var keys: [UInt64] = []
    private var parentIDs: [UInt64] = []
    private var answers: [Bool] = []
    /// The numbers of the spans' clock domains.
    private(set) var domains: [Int32] = []
    /// The places of spans that got another identifier, by that one, and the other way round.
    private var renamed: [UInt64: Int] = [:]
    private var newIDs: [Int: UInt64] = [:]
    private(set) var parents: [Int32] = []
    /// Whether somebody answered a span's call.
    private(set) var isAnswered: [Bool] = []
    /// What changes about spans' parents, by their places, in the order of the changes.
    private(set) var newParents: [Int: [NewParent]] = [:]

    struct NewParent {
        let id: UInt64
        /// The attribute that keeps the one before.
        let key: String
    }

    init(capacity: Int) {
        keys.reserveCapacity(capacity)
        parentIDs.reserveCapacity(capacity)
        answers.reserveCapacity(capacity)
        domains.reserveCapacity(capacity)
    }

    var count: Int { keys.count }

    /// Adds the next share of spans.
    mutating func append(_ spans: [JoinedSpan], _ domainOfProducer: [Int32]) {
        for span in spans {
            if span.spanID != span.key {
                renamed[span.spanID] = keys.count
                newIDs[keys.count] = span.spanID
            }
            keys.append(span.key)
            parentIDs.append(span.parentID)
            answers.append(span.isAnswer)
            domains.append(domainOfProducer[Int(span.producer)])
        }
    }

    /// Gives a span another parent, before parents are found.
    mutating func move(_ place: Int, to parentID: UInt64) {
        parentIDs[place] = parentID
        newParents[place, default: []].append(
            NewParent(id: parentID, key: AttributeKey.originalParentSpanID))
    }

    mutating func findParents() {
        parents.reserveCapacity(count)
        for parentID in parentIDs {
            parents.append(
                parentID == 0
                    ? PartitionJoin.noParent
                    : place(of: parentID).map { Int32($0) } ?? PartitionJoin.missingParent)
        }
    }

    mutating func markAnswered() {
        isAnswered = Array(repeating: false, count: count)
        for (index, parent) in parents.enumerated() where parent >= 0 && answers[index] {
            isAnswered[Int(parent)] = true
        }
        answers = []
    }

    private func place(of spanID: UInt64) -> Int? {
        let order = Mix.mix(spanID)
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if Mix.mix(keys[middle]) < order { low = middle + 1 } else { high = middle }
        }
        return low < count && keys[low] == spanID ? low : renamed[spanID]
    }

    /// The members of each cycle of parents.
    ///
    /// - Complexity: O(*n*) in the number of spans.
    func cycles() -> [[Int]] {
        var cycles: [[Int]] = []
        var marks = [UInt32](repeating: 0, count: count)
        for first in 0..<count where marks[first] == 0 {
            let mark = UInt32(first + 1)
            var index = Int32(first)
            while index >= 0, marks[Int(index)] == 0 {
                marks[Int(index)] = mark
                index = parents[Int(index)]
            }
            guard index >= 0, marks[Int(index)] == mark else { continue }
            var members = [Int(index)]
            while parents[members[members.count - 1]] != index {
                members.append(Int(parents[members[members.count - 1]]))
            }
            cycles.append(members)
        }
        return cycles
    }

    /// Cuts a cycle at the member that started first.
    mutating func cut(_ members: [Int], startsOf starts: [Int: UInt64]) {
        func key(_ place: Int) -> (UInt64, UInt64) {
            (starts[place] ?? 0, newIDs[place] ?? keys[place])
        }
        guard let least = members.min(by: { key($0) < key($1) }) else { return }
        parents[least] = PartitionJoin.noParent
        newParents[least, default: []].append(
            NewParent(id: 0, key: AttributeKey.cycleParentSpanID))
    }
}

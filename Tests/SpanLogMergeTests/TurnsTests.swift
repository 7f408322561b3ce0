import Dispatch
import SpanLogTestSupport
import Synchronization
import Testing

@testable import SpanLogMerge

@Suite struct TurnsTests {
    @Test(.timeLimit(.minutes(5)), arguments: [0, 1, 4], [UInt64(1), 2])
    func `results are taken in order, whoever is ready first`(leftMax: Int, seed: UInt64) {
        let (count, threads) = (500, 4)
        let turns = Turns<Int>(count: count, leftMax: leftMax)
        let taken = Mutex<[Int]>([])
        let given = Mutex<Set<Int>>([])
        let take: @Sendable (Int) -> Void = { number in taken.withLock { $0.append(number) } }
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            var generator = SeededGenerator(seed: seed &* 10 &+ UInt64(thread))
            while true {
                let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard number < count else { return }
                for _ in 0..<generator.below(2000) { _ = generator.next() as UInt64 }
                let turn = turns.turn(number)
                // Some have more than one result, and some have none.
                let kind = generator.below(3)
                if kind > 0 { given.withLock { _ = $0.insert(number) } }
                switch kind {
                case 1:
                    turn.wait()
                    take(number)
                case 2: turn.handIn(number, take)
                default: break
                }
                turn.end(take)
            }
        }
        let expected = given.withLock { $0.sorted() }
        #expect(taken.withLock { $0 } == expected && expected.count > count / 2)
    }
}

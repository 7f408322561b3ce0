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
                switch generator.below(3) {
                case 0:
                    turn.wait()
                    take(number)
                case 1:
                    if !turn.leave(number) {
                        turn.wait()
                        take(number)
                    }
                default: break
                }
                turn.end(take)
            }
        }
        let numbers = taken.withLock { $0 }
        #expect(numbers == numbers.sorted() && numbers.count > count / 2)
    }
}

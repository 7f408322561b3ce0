import Dispatch
import Foundation

/// Runs `body` on `count` threads of their own, all at once, and waits for them.
func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) async {
    await withCheckedContinuation { continuation in
        let group = DispatchGroup()
        for number in 0..<count {
            group.enter()
            Thread.detachNewThread {
                body(number)
                group.leave()
            }
        }
        group.notify(queue: .global()) { continuation.resume() }
    }
}

internal import Dispatch
internal import SpanLogStore
internal import Synchronization

extension StoreWriter {
    /// As ``flush(_:)``, and blocks the calling thread until it is done.
    func flushBlocking() throws(RecorderError) {
        try Self.block(on: flush)
    }

    /// As ``shutdown(_:)``, and blocks the calling thread until it is done.
    func shutdownBlocking() throws(RecorderError) {
        try Self.block(on: shutdown)
    }

    private static func block(
        on operation: (@escaping @Sendable (StoreError?) -> Void) -> Void
    ) throws(RecorderError) {
        let isDone = DispatchSemaphore(value: 0)
        let failure = Box<StoreError?>(nil)
        operation { error in
            failure.value.withLock { $0 = error }
            isDone.signal()
        }
        isDone.wait()
        if let error = failure.value.withLock({ $0 }) { throw RecorderError(error) }
    }
}

import Dispatch
import SpanLogStore
import Synchronization

/// The directory of a store that gives way to a file for a while, so that no segment can be made.
struct FailingDisk: Sendable {
    private let store: String

    init(store: String) {
        self.store = store
    }

    /// Makes every further segment fail.
    func breakDown() throws {
        try FileSystem.rename(store, to: store + "-away")
        try FileSystem.replaceFile(store, with: [])
    }

    /// Puts the directory back.
    func repair() throws {
        try FileSystem.removeFile(store)
        try FileSystem.rename(store + "-away", to: store)
    }
}

/// Holds the writer's own thread where it reports a failure, as a disk that hangs would hold it.
struct Hang: Sendable {
    private let begun = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    /// To be called when the writer begins to fail, and when it works again.
    var onFailure: @Sendable (StoreError?) -> Void {
        { error in
            guard error != nil else { return }
            begun.signal()
            ended.wait()
        }
    }

    func waitUntilItBegins() { begun.wait() }
    func end() { ended.signal() }
}

/// What a writer reported, `nil` for a recovery.
final class Failures: Sendable {
    private let reported = Mutex<[StoreError.Code?]>([])

    var report: @Sendable (StoreError?) -> Void {
        { error in self.reported.withLock { $0.append(error?.code) } }
    }

    var codes: [StoreError.Code?] { reported.withLock { $0 } }
}

import Synchronization

/// Adds up what several threads have done, and tells of it by one thread at a time.
final class ProgressMeter: Sendable {
    private let done = Mutex<(stage: Merge.Progress.Stage?, count: Int)>((nil, 0))
    private let report: @Sendable (Merge.Progress) -> Void

    init(_ report: @escaping @Sendable (Merge.Progress) -> Void) {
        self.report = report
    }

    func advance(_ stage: Merge.Progress.Stage, by count: Int, of total: Int) {
        done.withLock { done in
            if done.stage != stage { done = (stage, 0) }
            done.count += count
            report(.init(stage: stage, done: done.count, total: total))
        }
    }
}

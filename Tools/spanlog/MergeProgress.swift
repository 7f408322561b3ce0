import SpanLogMerge
import Synchronization

/// The progress of a merge on a terminal.
final class MergeProgress: Sendable {
    private let state = Mutex<(bar: ProgressBar?, stage: Merge.Progress.Stage?)>((nil, nil))

    @Sendable
    func update(_ progress: Merge.Progress) {
        state.withLock { state in
            if state.stage != progress.stage {
                state.bar?.finish()
                state = (Self.bar(progress), progress.stage)
            }
            state.bar?.update(progress.done)
        }
    }

    private static func bar(_ progress: Merge.Progress) -> ProgressBar {
        switch progress.stage {
        case .reading: ProgressBar(label: "reading", total: 0, unit: "blocks")
        case .writing: ProgressBar(label: "joining", total: progress.total, unit: "records")
        }
    }

    func finish() {
        state.withLock { state in
            state.bar?.finish()
            state.bar = nil
        }
    }
}

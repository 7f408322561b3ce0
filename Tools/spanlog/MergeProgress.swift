import SpanLogMerge

/// The progress of a merge on a terminal.
final class MergeProgress {
    private var bar: ProgressBar?
    private var stage: Merge.Progress.Stage?

    func update(_ progress: Merge.Progress) {
        if stage != progress.stage {
            finish()
            stage = progress.stage
            switch progress.stage {
            case .reading: bar = ProgressBar(label: "reading", total: 0, unit: "blocks")
            case .writing: bar = ProgressBar(label: "writing", total: progress.total, unit: "spans")
            }
        }
        bar?.update(progress.done)
    }

    func finish() {
        bar?.finish()
        bar = nil
    }
}

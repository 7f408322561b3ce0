/// What several exports say.
enum ExportText {
    /// Says which traces stayed behind because only notes about them are there.
    static func printNotes(traceWithoutSpansCount count: Int) {
        guard count > 0 else { return }
        StandardError.print(
            "Left out \(Text.count(count, "trace")), of which there are only notes, such as feedback: "
                + "merge the stores that have the spans into the archive, and export again.")
    }
}

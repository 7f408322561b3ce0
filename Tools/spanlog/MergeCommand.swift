import ArgumentParser
import SpanLogMerge

/// `spanlog merge`: one archive of whole traces.
struct MergeStores: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Join the spans of all stores into one archive of whole traces.",
        usage: """
            spanlog merge STORE... -o ARCHIVE
            spanlog merge STORE... --into ARCHIVE
            """,
        discussion: """
            The archive appears whole or not at all, and the stores are not changed. Damage in a \
            store is passed over and named: what is sound beside it is merged. The archive is the \
            same for any order of the stores, any number of threads, and stores merged at once or \
            one after the other.

            The clocks of hosts are aligned by the calls between them. Recorded times stay as they \
            are, and the corrections, with their error bounds, stand beside them: \
            `spanlog clock ARCHIVE` prints them.

            CLOCKS
              --clock auto         Move the clocks that contradict the calls, to the middle of what
                                   these allow.
              --clock mid          Move all clocks to the middle of what the calls allow.
              --clock off          Correct nothing.
              --clock manual FILE  Add what FILE says: {"format": "spanlog-clock 1", "domains":
                                   {"boot:…": {"offset_ns": -1250000, "bound_ns": 40000}}}

            EXIT STATUS
              0     Everything was sound and is in the archive.
              1     There is no archive; standard error says why.
              2     There is an archive, and damage that is named.
              64    The command line is wrong.
              130, 143  Interrupted or told to end; nothing was left behind.
            """
    )

    @OptionGroup var arguments: StoreArguments
    @Option(name: .shortAndLong, help: "The archive to make.", completion: .file())
    var output: String?
    @Option(
        help: "The archive to add to. It is as it was until the new one is whole.",
        completion: .file())
    var into: String?
    @Flag(help: "Replace the archive if it exists.") var overwrite = false
    @Flag(help: "Tell what a merge would find, and write no archive.") var dryRun = false
    @Option(help: "The memory to use at most, such as 512M or 2G.")
    var memory: ByteSize?
    @Option(help: "The number of threads, instead of one for each core.") var threads: Int?
    @Option(
        help: "Where spans wait that have no room in memory, instead of beside the archive.",
        completion: .directory)
    var temporary: String?
    @Flag(help: "Take a trace id of 64 bits for the one of 128 bits that ends with it.")
    var matchLow64 = false
    @Option(help: "How clocks are aligned: auto, off, mid, or manual with a file; see above.")
    var clock = ClockChoice.auto

    func validate() throws {
        let count = [output != nil, into != nil, dryRun].count { $0 }
        guard count == 1 || count == 2 && dryRun && into == nil else {
            throw ValidationError("Say where the archive goes: -o, --into, or --dry-run.")
        }
        guard threads.map({ (1...1024).contains($0) }) ?? true else {
            throw ValidationError("--threads must be from 1 to 1024.")
        }
    }

    func run() throws {
        let merge = Merge(stores: try arguments.open(), options: try options())
        let interruption = Interruption(merge.removeUnfinishedFiles)
        defer { interruption.cancel() }
        let report = try report(of: merge)
        if arguments.json {
            try JSONOutput.print(report)
        } else {
            print(MergeText.describe(report, archive: dryRun ? nil : output ?? into))
        }
        guard report.damages.isEmpty else { throw ExitCode(2) }
    }

    private func options() throws -> Merge.Options {
        var options = Merge.Options()
        if let memory { options.memoryBytesMax = memory.byteCount }
        if let threads { options.threadCount = threads }
        options.temporaryDirectory = temporary
        options.matchesLow64 = matchLow64
        options.clockMode = try clock.mode()
        return options
    }

    private func report(of merge: Merge) throws -> MergeReport {
        let progress = MergeProgress()
        defer { progress.finish() }
        announceSpace(merge)
        if dryRun { return try merge.dryRun(progress: progress.update) }
        if let into { return try merge.write(into: into, progress: progress.update) }
        guard let output else { preconditionFailure("validated above") }
        return try merge.write(to: output, replacing: overwrite, progress: progress.update)
    }

    private func announceSpace(_ merge: Merge) {
        let needed = merge.spaceNeeded(for: output ?? into)
        guard needed.temporaryByteCount > 0 else { return }
        StandardError.print(
            "Spans that have no room in memory wait in \(needed.temporaryDirectory): about "
                + "\(Text.bytes(needed.temporaryByteCount)) until the merge ends.")
    }
}

import ArgumentParser
import SpanLogMerge
import SpanLogStore

/// `spanlog verify`: is everything as it was written?
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check every checksum of stores and archives, and that no block is missing.",
        discussion: """
            Changes nothing. Each damage is named with its file, its byte and the block's number, and \
            each run of missing blocks; with --json as members of their own. `spanlog salvage` takes \
            what is intact out of a damaged store or archive.

            Of an archive, each record that a trace names must be there, and all of them must give the \
            digest that the merge wrote down.

            EXIT STATUS
              0     All stores and archives are sound.
              1     One of them is damaged, or cannot be read.
              64    The command line is wrong.
            """
    )

    @Argument(
        help: "A store's directory, one with stores below it, or an archive.",
        completion: .file())
    var paths: [String]

    @Flag(help: "Print JSON instead of text.") var json = false

    func validate() throws {
        guard !paths.isEmpty else { throw ValidationError("Name at least one store or archive.") }
    }

    func run() throws {
        let subjects = try paths.flatMap(Subject.find)
        let reports = try subjects.map { try $0.check() }
        if json {
            try JSONOutput.print(reports)
        } else {
            for report in reports { print(report.text) }
        }
        guard reports.allSatisfy(\.isSound) else { throw ExitCode(1) }
    }
}

extension Verify {
    /// What is to be checked.
    private enum Subject {
        case store(Store)
        case archive(String)

        /// An archive, or the stores at and below a path.
        static func find(at path: String) throws -> [Subject] {
            if Store.isFile(path) { return [.archive(path)] }
            return try Store.find(at: path).map { .store($0) }
        }

        func check() throws -> Report {
            switch self {
            case .store(let store): .store(StoreReport(store))
            case .archive(let path): .archive(try ArchiveReport(path))
            }
        }
    }

    /// What a check has found.
    private enum Report: Encodable {
        case store(StoreReport)
        case archive(ArchiveReport)

        var isSound: Bool {
            switch self {
            case .store(let report): report.isSound
            case .archive(let report): report.isSound
            }
        }

        var text: String {
            switch self {
            case .store(let report): StoreText.verdict(report)
            case .archive(let report): ArchiveText.verdict(report)
            }
        }

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .store(let report): try report.encode(to: encoder)
            case .archive(let report): try report.encode(to: encoder)
            }
        }
    }
}

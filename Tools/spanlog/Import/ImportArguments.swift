import ArgumentParser
import SpanLogImport

/// The files that an import reads, and the store that it writes.
struct ImportArguments: ParsableArguments {
    @Argument(help: "A file, or - for standard input.", completion: .file())
    var files: [String]
    @Option(help: "The store's directory. It is made if it is not there.", completion: .directory)
    var store: String
    @Flag(help: "Print JSON instead of text.") var json = false

    func validate() throws {
        guard !files.isEmpty else { throw ValidationError("Name at least one file.") }
        guard files.count(where: { $0 == "-" }) <= 1 else {
            throw ValidationError("Standard input (-) can be read once only.")
        }
    }

    /// Imports all files; one that cannot be read does not keep the others out.
    ///
    /// - Throws: An exit code of 1 or 2, or why the store cannot be written.
    func run(_ format: FileFormat?) throws {
        var options = FileImporter.Options()
        options.format = format
        options.gunzip = { try GzipBytes($0) }
        let importer = try FileImporter(store: store, options: options)
        let interruption = Interruption(
            { [store] in FileImporter.removeUnfinishedFiles(of: store) },
            message:
                "Interrupted: files that were imported before are whole, and nothing of this one "
                + "was left behind.")
        defer { interruption.cancel() }
        var reports: [FileImportReport] = []
        var hasFailed = false
        for file in files {
            do {
                reports.append(try add(file, importer))
            } catch let error as ImportError {
                StandardError.print("Error: \(error)")
                hasFailed = true
            }
        }
        try show(reports)
        if hasFailed { throw ExitCode(1) }
        guard reports.allSatisfy(\.isComplete) else { throw ExitCode(2) }
    }

    private func add(_ file: String, _ importer: FileImporter) throws -> FileImportReport {
        var bar: ProgressBar?
        defer { bar?.finish() }
        return try importer.add(file) { done, total in
            let current =
                bar ?? ProgressBar(label: "Importing \(file)", total: Int(total), unit: "bytes")
            bar = current
            current.update(Int(done))
        }
    }

    private func show(_ reports: [FileImportReport]) throws {
        guard !json else { return try JSONOutput.print(reports) }
        for report in reports { print(ImportText.describe(report)) }
        if reports.count > 1 { print(ImportText.total(reports)) }
    }
}

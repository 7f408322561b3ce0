import ArgumentParser
import SpanLogImport

/// `spanlog import`: spans that others wrote into files, as a store.
struct ImportSpans: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Bring files of OTLP, Jaeger's and Zipkin's JSON into a store.",
        usage: """
            spanlog import FILE... --store DIR
            spanlog import otlp | jaeger | zipkin FILE... --store DIR
            """,
        discussion: """
            Without a format, each file tells its own by how it begins. Files may be compressed by \
            gzip or Zstandard; `-` is standard input. `spanlog merge` then joins the store with \
            others, and aligns each process that a file names as one with a clock of its own.

              otlp    JSON, a document a line, as the OpenTelemetry Collector's file exporter and \
            opentelemetry-cpp's write it, or one document alone; protobuf behind lengths of four \
            bytes, as the Collector writes it, compressed or not, or one message alone.
              jaeger  {"data": [{"traceID", "spans", "processes"}]}, as Jaeger's interface and API \
            give it.
              zipkin  Lists of spans of version 2, one alone or one a line.

            A file's spans appear all at once, and importing it again adds nothing, also after an \
            import that was interrupted. What cannot be read is named with its place, and the rest \
            is imported.

            EXIT STATUS
              0     Everything is in the store.
              1     A file could not be read at all, or the store not written; standard error says \
            why.
              2     Imported, but something was refused; it is named.
              64    The command line is wrong.
              130, 143  Interrupted or told to end; of the file at hand, nothing was left behind.
            """,
        subcommands: [
            ImportAny.self, ImportOTLP.self, ImportJaeger.self, ImportZipkin.self,
        ],
        defaultSubcommand: ImportAny.self
    )
}

/// `spanlog import FILE…`: what each file holds is found out.
struct ImportAny: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "any", abstract: "Find out what each file holds (the default).")
    @OptionGroup var arguments: ImportArguments

    func run() throws { try arguments.run(nil) }
}

/// `spanlog import otlp`.
struct ImportOTLP: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "otlp", abstract: "Import files of OTLP, JSON or protobuf.")
    @OptionGroup var arguments: ImportArguments

    func run() throws { try arguments.run(.otlp) }
}

/// `spanlog import jaeger`.
struct ImportJaeger: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jaeger", abstract: "Import files of Jaeger's JSON.")
    @OptionGroup var arguments: ImportArguments

    func run() throws { try arguments.run(.jaeger) }
}

/// `spanlog import zipkin`.
struct ImportZipkin: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zipkin", abstract: "Import files of Zipkin's JSON, version 2.")
    @OptionGroup var arguments: ImportArguments

    func run() throws { try arguments.run(.zipkin) }
}

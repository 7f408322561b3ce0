import ArgumentParser

/// The command `spanlog`.
@main
struct SpanLogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spanlog",
        abstract: "Joins the traces that services recorded on their own disks, without a network.",
        discussion: """
            Each service writes its spans into a store, a directory on its own disk. Carry the \
            stores together, and:

              spanlog receive --store STORE            for services that can only send OTLP
              spanlog import FILE... --store DIR       files of OTLP, Jaeger and Zipkin, as a store
              spanlog verify STORE|ARCHIVE...          is everything as it was written?
              spanlog salvage STORE|ARCHIVE -o NEW     what is intact of a damaged one, as a store
              spanlog compact STORE...                 few files out of many
              spanlog merge STORE... -o run.spanlog    one archive of whole traces
              spanlog show run.spanlog                 look at them here
              spanlog clock run.spanlog                how far the clocks of the hosts were apart
              spanlog export mlflow run.spanlog --tracking-uri URL --experiment NAME

            Results go to stdout, everything else to stderr.

            EXIT STATUS
              0     Done.
              1     Failed, or a store or archive is damaged, or something was refused.
              2     Merged, imported, compacted or rescued, but with damage that was passed over.
              64    The command line is wrong.
            """,
        subcommands: [
            Receive.self, ImportSpans.self, Info.self, Verify.self, Salvage.self, Compact.self,
            MergeStores.self, Show.self, Clock.self, Export.self,
        ]
    )

    static func main() async {
        await main(ClockChoice.joined(Array(CommandLine.arguments.dropFirst())))
    }
}

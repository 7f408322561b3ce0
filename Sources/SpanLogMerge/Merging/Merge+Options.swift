import FoundationEssentials

extension Merge {
    /// What a merge may use, and what it takes for granted.
    public struct Options: Sendable {
        /// The bytes of memory that a merge may take, however much it reads.
        public var memoryBytesMax = 512 << 20
        /// The number of threads.
        public var threadCount = ProcessInfo.processInfo.activeProcessorCount
        /// Where records wait that have no room in memory; beside the archive unless this says
        /// otherwise.
        public var temporaryDirectory: String?
        /// Whether a trace id of 64 bits is taken for the one of 128 bits that ends with it.
        public var matchesLow64 = false
        /// How the clocks of hosts are aligned.
        public var clockMode = ClockMode.auto
        /// Whether an archive is among the inputs.
        var isIncremental = false

        /// Creates the options that suit most machines.
        public init() {}
    }
}

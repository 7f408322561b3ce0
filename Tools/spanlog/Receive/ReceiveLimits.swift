/// What a receiver takes at most, so that no sender exhausts it.
struct ReceiveLimits: Sendable {
    /// The bytes of a body, as it is sent and once it is decompressed.
    var bodyByteCountMax = 64 << 20
    /// The bytes of all bodies that are in memory at the same time.
    var memoryByteCountMax = 256 << 20
    /// The bytes of decompressed bodies in a second.
    var bytesPerSecondMax = 128 << 20
    /// Requests that are under way at the same time.
    var requestCountMax = 64
    /// How long a request may take to arrive, from its head to its last byte.
    var requestSecondsMax = 30
    /// Connections that are open at the same time; more wait until the system accepts them.
    var connectionCountMax = 256

    /// How many times its compressed bytes a body may have, if it has more than
    /// ``ratioFreeByteCount``.
    static let compressionRatioMax = 250
    static let ratioFreeByteCount = 4 << 20
    /// How long a connection may stay without a request.
    static let idleSeconds: Int64 = 60
    /// How long requests under way are waited for when the receiver ends: until the last has arrived,
    /// and then for the disk.
    var drainSeconds: Int { requestSecondsMax + 5 }
    static let headerByteCountMax = 32 << 10
    static let headerCountMax = 100
}

/// When a writer makes blocks durable. A segment opens after a loss of power whatever is chosen,
/// because every commit is a full sync: what differs is how long spans gather before one.
package enum Durability: Hashable, Sendable {
    /// Whenever the flush interval has passed, or a chunk is full.
    case everyBlock
    /// When so many nanoseconds have passed.
    case interval(nanoseconds: UInt64)
    /// When the spool is filling up; until then the system writes its pages when it likes.
    case system
}

import CSpanLogSystem

/// Memory that this process has and does not use.
enum FreeMemory {
    /// Gives it back to the system: large arrays find no room in what many small ones left.
    static func giveBack() { _ = malloc_trim(0) }
}

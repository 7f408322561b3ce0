/// What a store may keep.
package struct RetentionLimits: Hashable, Sendable {
    /// The bytes of all files in the store; `nil` for no limit.
    package var byteCountMax: UInt64?
    /// The nanoseconds since a file was last written; `nil` for no limit.
    package var ageNanosecondsMax: UInt64?

    package init(byteCountMax: UInt64? = nil, ageNanosecondsMax: UInt64? = nil) {
        self.byteCountMax = byteCountMax
        self.ageNanosecondsMax = ageNanosecondsMax
    }

    var isUnlimited: Bool { byteCountMax == nil && ageNanosecondsMax == nil }
}

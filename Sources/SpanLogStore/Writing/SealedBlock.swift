/// A block as it is stored.
struct SealedBlock: Sendable {
    let sequence: UInt64
    let bytes: [UInt8]
}

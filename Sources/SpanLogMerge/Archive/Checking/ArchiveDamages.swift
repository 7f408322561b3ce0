import SpanLogFormat

/// The damages of an archive: a forged one may have more than anybody reads.
struct ArchiveDamages {
    let path: String
    private var all: [ArchiveReport.Damage] = []
    private var unnamedCount = 0

    init(path: String) {
        self.path = path
    }

    var isEmpty: Bool { all.isEmpty }

    /// Where something is damaged, as far as it is known.
    struct Place {
        var table: String?
        var key: [UInt8]?
        var block: UInt64?
        var byteOffset: UInt64?
    }

    mutating func add(_ reason: String, _ place: Place) {
        guard all.count < Self.countMax else {
            unnamedCount += 1
            return
        }
        let key = place.key.map(Hexadecimal.string)
        var parts = [path]
        if let table = place.table { parts.append("table \(table)") }
        if let block = place.block {
            parts.append("block \(block)")
        } else if let key {
            parts.append("key \(key)")
        }
        if let offset = place.byteOffset { parts.append("byte \(offset)") }
        all.append(
            ArchiveReport.Damage(
                file: path, byteOffset: place.byteOffset, table: place.table, key: key,
                block: place.block, reason: parts.joined(separator: ", ") + ": \(reason)."))
    }

    /// The damages, and one that counts those beyond the limit.
    var named: [ArchiveReport.Damage] {
        guard unnamedCount > 0 else { return all }
        let rest = "\(path) has \(unnamedCount) more damages than the \(Self.countMax) named here."
        return all + [
            ArchiveReport.Damage(
                file: path, byteOffset: nil, table: nil, key: nil, block: nil, reason: rest)
        ]
    }

    /// More damages of one archive are only counted, as those of a file of a store.
    static let countMax = 1000
}

import SpanLogFormat

extension Store {
    /// Something in a store that cannot be read as it was written.
    public struct Damage: Hashable, Sendable, Codable {
        /// The file.
        public let file: String
        /// Where in the file the damage is, or what is damaged begins; `nil` if it is no one place.
        public let byteOffset: UInt64?
        /// The recorder of the block that is damaged or missing, in hexadecimal, if it is known.
        public let recorder: String?
        /// The number of that block, or of the first one that is missing, if it is known.
        public let sequence: UInt64?
        /// The file, the place in it and what is wrong there, as a sentence.
        public let reason: String

        init(
            file: String, byteOffset: UInt64? = nil, recorder: String? = nil,
            sequence: UInt64? = nil, reason: String
        ) {
            self.file = file
            self.byteOffset = byteOffset
            self.recorder = recorder
            self.sequence = sequence
            self.reason = reason
        }
    }
}

/// The damages of one file: a forged one may have more than anybody reads.
struct FileDamages {
    let path: String
    private(set) var all: [Store.Damage] = []
    private var unnamedCount = 0

    init(path: String) {
        self.path = path
    }

    var isEmpty: Bool { all.isEmpty }

    mutating func add(
        _ reason: String, at byteOffset: UInt64? = nil, recorder: RecorderID? = nil,
        sequence: UInt64? = nil
    ) {
        guard all.count < Self.countMax else {
            unnamedCount += 1
            return
        }
        all.append(
            Store.Damage(
                file: path, byteOffset: byteOffset, recorder: recorder?.description,
                sequence: sequence, reason: reason))
    }

    /// The damages, and one that counts those beyond the limit.
    var named: [Store.Damage] {
        guard unnamedCount > 0 else { return all }
        let rest = "\(path) has \(unnamedCount) more damages than the \(Self.countMax) named here"
        return all + [Store.Damage(file: path, reason: rest)]
    }

    /// More damages of one file are only counted.
    static let countMax = 1000
}

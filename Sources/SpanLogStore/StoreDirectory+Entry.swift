import SpanLogFormat

extension StoreDirectory {
    /// A file of a store, by its name.
    enum Entry: Hashable, Sendable {
        case segment(SegmentName)
        case compacted
        case spool(RecorderID)
        case block(RecorderID, sequence: UInt64)
        /// LMDB's lock file of a segment; without a recorder, of a compacted one.
        case lock(RecorderID?)
        /// What is being written and will get its name later; without a recorder, of the store.
        case temporary(RecorderID?)

        init?(fileName: String) {
            if let segment = SegmentName(fileName: fileName) {
                self = .segment(segment)
            } else if CompactedName(fileName: fileName) != nil {
                self = .compacted
            } else if fileName.hasSuffix(".mdb-lock") {
                let id = Self.recorder(of: fileName)
                guard id != nil || Self.isOfStore(fileName) else { return nil }
                self = .lock(id)
            } else if fileName.hasSuffix(".tmp") {
                let id = Self.recorder(of: fileName)
                guard id != nil || Self.isOfStore(fileName) else { return nil }
                self = .temporary(id)
            } else if fileName.hasSuffix(".spool") {
                guard let id = RecorderID(hexadecimal: fileName.dropLast(6)) else { return nil }
                self = .spool(id)
            } else if fileName.hasSuffix(".block") {
                let parts = fileName.dropLast(6).split(separator: "-")
                guard parts.count == 2, let id = RecorderID(hexadecimal: parts[0]),
                    let sequence = UInt64(parts[1])
                else { return nil }
                self = .block(id, sequence: sequence)
            } else {
                return nil
            }
        }

        /// The recorder that wrote or writes the file, if it is one's alone.
        var recorderID: RecorderID? {
            switch self {
            case .segment(let name): name.recorderID
            case .spool(let id), .block(let id, _): id
            case .lock(let id), .temporary(let id): id
            case .compacted: nil
            }
        }

        private static func recorder(of fileName: String) -> RecorderID? {
            RecorderID(hexadecimal: fileName.prefix(2 * RecorderID.byteCount))
        }

        private static func isOfStore(_ fileName: String) -> Bool {
            fileName.hasPrefix(CompactedName.prefix)
                || fileName.hasPrefix(StoreRemovals.fileName)
        }
    }

    /// The name of a segment that holds blocks of any number of recorders:
    /// `compacted-<id>-<number>.mdb`.
    struct CompactedName: Hashable, Sendable {
        static let prefix = "compacted-"

        /// The id of the compaction.
        let id: RecorderID
        let number: Int

        init(id: RecorderID, number: Int) {
            self.id = id
            self.number = number
        }

        init?(fileName: String) {
            guard fileName.hasPrefix(Self.prefix), fileName.hasSuffix(".mdb") else { return nil }
            let parts = fileName.dropFirst(Self.prefix.count).dropLast(4).split(separator: "-")
            guard parts.count == 2, let id = RecorderID(hexadecimal: parts[0]),
                let number = Int(parts[1])
            else { return nil }
            self.init(id: id, number: number)
            guard self.fileName == fileName else { return nil }
        }

        var fileName: String { "\(Self.prefix)\(id)-\(number).mdb" }
    }
}

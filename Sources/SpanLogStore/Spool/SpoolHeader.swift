import SpanLogFormat

/// What stands at the beginning of a spool, and what can be made up for it if it is damaged.
struct SpoolHeader: Sendable {
    let layout: SpoolLayout
    let recorderID: RecorderID
    let bootID: [UInt8]
    let resource: [UInt8]
    let scope: [UInt8]
    /// The recorder's last sign of life by the clock since boot, and what makes it a wall clock's.
    let lastSeenBoottime: UInt64
    let clockOffset: UInt64
    let drops: DropCounters
    /// What is wrong with the header, or `nil` if it is sound. If it is not, who recorded and where
    /// is unknown but for the recorder's id.
    let damage: String?

    /// - Throws: ``FormatError`` if the file is no spool, one of a newer format, or nothing of it can
    ///   be used; or ``SystemError``.
    init(_ file: ReadOnlyFile) throws {
        let bytes = try file.bytes(at: 0, count: SpoolLayout.headerByteCount)
        do {
            try self.init(sound: bytes, file)
        } catch let error as FormatError {
            let id = Self.recorderID(ofFile: file.path)
            guard let id, let layout = try SpoolLayout(guessing: bytes, file) else { throw error }
            self.init(id, layout, damaged: bytes, error.message)
        }
    }

    private init(sound bytes: [UInt8], _ file: ReadOnlyFile) throws {
        typealias Header = SpoolLayout.Header
        layout = try SpoolLayout(bytes)
        let texts = try file.bytes(
            at: UInt64(SpoolLayout.headerByteCount),
            count: layout.resourceByteCount + layout.scopeByteCount)
        let checked = Array(bytes[Header.checked..<Header.variable]) + texts
        guard
            Checksum.xxh3(checked, 0..<checked.count)
                == UInt64(littleEndianIn: bytes, at: Header.checksum)
        else { throw FormatError("the header's checksum does not match its bytes") }
        recorderID = RecorderID(bytes: bytes[Header.recorderID..<Header.recorderID + 16])!
        bootID = Array(bytes[Header.bootID..<Header.bootID + 16])
        resource = Array(texts.prefix(layout.resourceByteCount))
        scope = Array(texts.dropFirst(layout.resourceByteCount))
        lastSeenBoottime = UInt64(littleEndianIn: bytes, at: Header.lastSeenBoottime)
        clockOffset = UInt64(littleEndianIn: bytes, at: Header.clockOffset)
        drops = DropCounters(
            (0..<8).map { UInt64(littleEndianIn: bytes, at: Header.drops + 8 * $0) })
        damage = nil
    }

    private init(_ id: RecorderID, _ layout: SpoolLayout, damaged bytes: [UInt8], _ damage: String)
    {
        typealias Header = SpoolLayout.Header
        self.layout = layout
        recorderID = id
        bootID = [UInt8](repeating: 0, count: 16)
        (resource, scope) = ([], [])
        lastSeenBoottime = UInt64(littleEndianIn: bytes, at: Header.lastSeenBoottime)
        clockOffset = UInt64(littleEndianIn: bytes, at: Header.clockOffset)
        drops = DropCounters()
        self.damage = damage
    }

    /// The recorder by the name of its file, `<recorder>.spool`.
    private static func recorderID(ofFile path: String) -> RecorderID? {
        RecorderID(hexadecimal: FileSystem.name(of: path).prefix(2 * RecorderID.byteCount))
    }
}

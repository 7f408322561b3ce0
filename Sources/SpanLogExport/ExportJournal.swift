import SpanLogFormat
import SpanLogStore
import Synchronization

/// What earlier exports have brought where, kept in a file beside the archive.
///
/// The file only grows, by a line of JSON for each trace that the target has taken; a last line that
/// was cut off counts as not there. A line says what was sent by a checksum, which tells a trace
/// that has changed since, by a later merge.
public final class ExportJournal: Sendable {
    /// What an export leaves out, as long as it would send the same again.
    public enum Omission: Sendable {
        /// Nothing.
        case nothing
        /// What the last export delivered, if it was interrupted.
        case deliveredByInterruptedExport
        /// What any earlier export delivered.
        case deliveredBefore
    }

    /// The file.
    public let path: String
    private let omission: Omission
    /// The checksums of what there is no need to send again.
    private let delivered = Mutex<[TraceID: UInt128]>([:])

    /// A journal in the file at `path`, which the export makes that uses it.
    public init(_ path: String, omitting omission: Omission = .nothing) {
        self.path = path
        self.omission = omission
    }

    /// Whether the file is there, or can be made, and can be written.
    public var canBeKept: Bool { (try? FileSystem.append([], to: path)) != nil }
}

// MARK: For the exporter

extension ExportJournal {
    /// Reads what was delivered to a target, and notes that another export to it begins.
    ///
    /// - Throws: ``ExportError`` if the file cannot be read or written.
    func begin(target: String) throws(ExportError) {
        if omission != .nothing {
            let found = try deliveries(to: target)
            delivered.withLock { $0 = found }
        }
        try append([Entry(target: target)])
    }

    /// Whether the trace is to be left out, if `checksum` is that of what would be sent. It is asked for
    /// only if the trace was delivered before.
    func omits(_ trace: TraceID, _ checksum: @autoclosure () -> UInt128) -> Bool {
        guard let known = delivered.withLock({ $0[trace] }) else { return false }
        return known == checksum()
    }

    /// Notes what the target has taken.
    func add(_ traces: [(TraceID, UInt128)]) throws(ExportError) {
        if traces.isEmpty { return }
        try append(traces.map { Entry(trace: $0, checksum: $1) })
    }

    /// Notes that the export has come to its end.
    func complete() throws(ExportError) {
        try append([Entry(isComplete: true)])
    }
}

// MARK: The file

extension ExportJournal {
    /// A line.
    private struct Entry: Codable {
        /// Where the export goes that begins here.
        var target: String?
        /// A trace that was delivered, and the checksum of what was sent, in hexadecimal.
        var trace: String?
        var checksum: String?
        /// Whether the export came to its end.
        var isComplete: Bool?

        init(target: String) { self.target = target }
        init(isComplete: Bool) { self.isComplete = isComplete }

        init(trace: TraceID, checksum: UInt128) {
            self.trace = trace.description
            self.checksum = String(checksum, radix: 16)
        }

        var delivery: (TraceID, UInt128)? {
            guard let id = trace.flatMap(TraceID.init(hexadecimal:)),
                let number = checksum.flatMap({ UInt128($0, radix: 16) })
            else { return nil }
            return (id, number)
        }
    }

    private func deliveries(to target: String) throws(ExportError) -> [TraceID: UInt128] {
        var delivered: [TraceID: UInt128] = [:]
        var isMeant = false
        for entry in try entries() {
            if let begun = entry.target { isMeant = begun == target }
            guard isMeant else { continue }
            if let (id, checksum) = entry.delivery { delivered[id] = checksum }
            if entry.isComplete == true, omission == .deliveredByInterruptedExport {
                delivered = [:]
            }
        }
        return delivered
    }

    /// The lines that can be read; what interrupted writes and others have left counts as not there.
    private func entries() throws(ExportError) -> [Entry] {
        do throws(SystemError) {
            guard try FileSystem.kind(of: path) != nil else { return [] }
            let file = try ReadOnlyFile(path)
            let bytes = try file.bytes(at: 0, count: Int(file.byteCount()))
            return bytes.split(separator: UInt8(ascii: "\n")).compactMap {
                JSON.decoded(Entry.self, Array($0))
            }
        } catch {
            throw ExportError.journal("read", path, error)
        }
    }

    private func append(_ entries: [Entry]) throws(ExportError) {
        // A line that an interrupted write has left unended stays alone: this begins another.
        var lines: [UInt8] = [UInt8(ascii: "\n")]
        for entry in entries {
            lines += (try? JSON.encoded(entry)) ?? []
            lines.append(UInt8(ascii: "\n"))
        }
        do throws(SystemError) {
            try FileSystem.append(lines, to: path)
        } catch {
            throw ExportError.journal("write", path, error)
        }
    }
}

extension ExportError {
    fileprivate static func journal(
        _ verb: String, _ path: String, _ cause: SystemError
    ) -> ExportError {
        ExportError(
            .journalUnavailable,
            "Cannot \(verb) \(path), the journal of the export: \(cause). Name another file for it, "
                + "on a disk with room, or do without a journal.",
            cause: cause)
    }
}

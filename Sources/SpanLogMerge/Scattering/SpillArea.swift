import SpanLogStore
import Synchronization

/// Partitions whose records lie in one file of temporary space: once all of them are joined, nobody
/// refers to the file, and its space is free.
final class SpillArea: Sendable {
    private let opened = Mutex<SpillFile?>(nil)

    /// The file, which `open` opens the first time.
    func file(_ open: () throws(SystemError) -> SpillFile) throws(SystemError) -> SpillFile {
        try opened.withLock { opened throws(SystemError) in
            if let opened { return opened }
            let file = try open()
            opened = file
            return file
        }
    }
}

extension SpillArea {
    /// Areas for so many partitions in their order, which is that in which they are joined.
    static func areas(ofPartitions count: Int) -> [SpillArea] {
        let areas = (0...count / partitionsMax).map { _ in SpillArea() }
        return (0..<count).map { areas[$0 / partitionsMax] }
    }

    private static let partitionsMax = 16
}

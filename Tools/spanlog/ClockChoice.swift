import ArgumentParser
import FoundationEssentials
import SpanLogMerge

/// What `--clock` says.
enum ClockChoice: ExpressibleByArgument {
    case auto
    case off
    case mid
    /// The offsets stand in this file.
    case manual(String)

    init?(argument: String) {
        switch argument {
        case "auto": self = .auto
        case "off": self = .off
        case "mid": self = .mid
        case let text where text.hasPrefix(Self.manualPrefix):
            self = .manual(String(text.dropFirst(Self.manualPrefix.count)))
        default: return nil
        }
    }

    var defaultValueDescription: String { "auto" }

    static var allValueStrings: [String] { ["auto", "off", "mid", "manual FILE"] }

    /// The command line with `--clock manual FILE` as one value, since an option has no two.
    static func joined(_ arguments: [String]) -> [String] {
        var joined: [String] = []
        for argument in arguments {
            if joined.suffix(2) == ["--clock", "manual"] {
                joined[joined.count - 1] = manualPrefix + argument
            } else {
                joined.append(argument)
            }
        }
        return joined
    }

    private static let manualPrefix = "manual="

    /// - Throws: ``MergeError`` if the file cannot be used.
    func mode() throws -> ClockMode {
        switch self {
        case .auto: return .auto
        case .off: return .off
        case .mid: return .middle
        case .manual(let path):
            return .manual(try ManualClockOffsets(json: try Self.bytes(of: path), name: path))
        }
    }

    private static func bytes(of path: String) throws -> [UInt8] {
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw CommandFailure(
                "Cannot read \(path): name the file with the offsets after --clock manual.")
        }
    }
}

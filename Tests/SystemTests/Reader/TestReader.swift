import Foundation
import SpanLogFormat
import SpanLogStore

/// Says what is in a store, through the same code as the command `spanlog`, many times a second.
///
/// Each line of standard input is the path of a store, and gets one line of JSON as its answer.
@main
struct TestReader {
    static func main() throws {
        while let path = readLine() {
            let line = try JSONEncoder().encode(StoreContents(path))
            FileHandle.standardOutput.write(line + Data("\n".utf8))
        }
    }
}

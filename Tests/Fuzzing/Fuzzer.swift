import Foundation

/// What libFuzzer calls with one input after the other. Built only with `SPANLOG_FUZZ=1`:
///
///     SPANLOG_FUZZ=1 swift build --product SpanLogFuzzer --sanitize=fuzzer --scratch-path .build-fuzz
///     .build-fuzz/debug/SpanLogFuzzer -max_total_time=600 FOLDER Tests/SpanLogMergeTests/Fixtures/corpus
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do {
        try fuzzing.run(Array(UnsafeBufferPointer(start: start, count: count)))
    } catch {
        fatalError("\(error)")
    }
    return 0
}

private let fuzzing: DecoderFuzzing = {
    let folder = FileManager.default.temporaryDirectory.appending(path: "spanlog-fuzz-\(getpid())")
    do {
        return try DecoderFuzzing(folder: folder.path())
    } catch {
        fatalError("Cannot use \(folder.path()): \(error)")
    }
}()

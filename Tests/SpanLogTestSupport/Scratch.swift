import Foundation
import Testing

/// Gives each test case a folder of its own: empty at first, and removed afterwards.
///
/// ```swift
/// @Suite(.scratchDirectory) struct StoreTests {
///     @Test func `a store is made where there was none`() throws {
///         _ = try StoreDirectory.openForWriting(Scratch.path("store"))
///     }
/// }
/// ```
package struct ScratchDirectoryTrait: TestTrait, SuiteTrait, TestScoping {
    package var isRecursive: Bool { true }

    package func scopeProvider(for test: Test, testCase: Test.Case?) -> Self? {
        testCase == nil ? nil : self
    }

    package func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "spanlog-test-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await Scratch.$folder.withValue(folder.path(), operation: function)
    }
}

extension Trait where Self == ScratchDirectoryTrait {
    /// An empty folder for each test case; ``Scratch/path(_:)`` tells where.
    package static var scratchDirectory: Self { Self() }
}

/// The folder of the test case that is running.
package enum Scratch {
    @TaskLocal fileprivate static var folder: String?

    /// The path of `name` in the folder. Threads of the test's own do not know it: ask before.
    ///
    /// - Precondition: The test or its suite has the trait `.scratchDirectory`.
    package static func path(_ name: String) -> String {
        guard let folder else { fatalError("The test lacks the trait .scratchDirectory.") }
        return "\(folder)/\(name)"
    }
}

import SpanLogLMDB
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

/// What our reader of LMDB's files finds, against what liblmdb wrote.
@Suite(.scratchDirectory) struct LMDBTreeTests {
    private let path = Scratch.path("file.mdb")

    @Test(arguments: [0, 1, 2, 100, 5000])
    func `every entry is found in the order of the keys, and none is invented`(count: Int) throws {
        let expected = try Table(seed: 1, count: count).write(to: path)
        let tree = try #require(try LMDBFile(ReadOnlyFile(path)).table("table"))
        #expect(tree.entryCount == UInt64(expected.count))
        var index = 0
        try tree.forEachEntry { entry in
            guard index < expected.count, entry.key == expected[index].key,
                try tree.value(of: entry) == expected[index].value
            else {
                Issue.record("entry \(index) is another one")
                return false
            }
            index += 1
            return true
        }
        #expect(index == expected.count)
    }

    @Test func `backwards, the same entries come in the opposite order`() throws {
        let expected = try Table(seed: 2, count: 5000).write(to: path)
        let tree = try #require(try LMDBFile(ReadOnlyFile(path)).table("table"))
        var keys: [[UInt8]] = []
        try tree.forEachEntry(isReversed: true) { entry in
            keys.append(entry.key)
            return true
        }
        #expect((keys == expected.map(\.key).reversed()) == true)
    }

    @Test func `every key leads to its value, and keys beside it to none`() throws {
        let expected = try Table(seed: 3, count: 2000).write(to: path)
        let keys = Set(expected.map(\.key))
        let tree = try #require(try LMDBFile(ReadOnlyFile(path)).table("table"))
        for (index, entry) in expected.enumerated() {
            if try tree.value(for: entry.key) != entry.value {
                Issue.record("the value of key \(index) is another one")
            }
            guard index.isMultiple(of: 4) else { continue }
            for beside in [entry.key + [0], Array(entry.key.dropLast())] {
                if try !keys.contains(beside) && tree.value(for: beside) != nil {
                    Issue.record("a value for a key that nobody wrote")
                }
            }
        }
        #expect(try tree.value(for: []) == nil)
        #expect(try tree.value(for: [UInt8](repeating: 255, count: 511)) == nil)
    }

    @Test func `a search begins at the key, or at the next greater one`() throws {
        let expected = try Table(seed: 4, count: 3000).write(to: path).map(\.key)
        let tree = try #require(try LMDBFile(ReadOnlyFile(path)).table("table"))
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<200 {
            var first = generator.element(of: expected)
            switch generator.below(4) {
            case 0: first.append(0)
            case 1: first[0] = generator.byte()
            case 2: first = generator.bytes(count: 1 + generator.below(3))
            default: break
            }
            let rest = expected.drop { $0.lexicographicallyPrecedes(first) }
            var found: [[UInt8]] = []
            try tree.forEachEntry(from: first) { entry in
                found.append(entry.key)
                return found.count < 20
            }
            #expect((found == Array(rest.prefix(20))) == true)
            found = []
            try tree.forEachEntry(from: first, isReversed: true) { entry in
                found.append(entry.key)
                return found.count < 20
            }
            #expect((found == Array(rest.reversed().prefix(20))) == true)
        }
    }

    @Test func `tables of one file are kept apart, and a missing one is none`() throws {
        let environment = try LMDBEnvironment.open(path: path, options: Table.options)
        try environment.write { transaction in
            for name in ["a", "b", "c"] {
                let table = try transaction.table(name)
                for number in UInt8(0)..<200 {
                    try transaction.put([number], for: Array(name.utf8) + [number], in: table)
                }
            }
            _ = try transaction.table("empty")
        }
        let file = try LMDBFile(ReadOnlyFile(path))
        for name in ["a", "b", "c"] {
            let table = try #require(try file.table(name))
            #expect(try table.value(for: Array(name.utf8) + [7]) == [7])
            #expect(try table.value(for: Array("x".utf8) + [7]) == nil)
            #expect(table.entryCount == 200)
        }
        let empty = try #require(try file.table("empty"))
        try empty.forEachEntry { _ in
            Issue.record("an entry of an empty table")
            return true
        }
        #expect(try file.table("d") == nil)
        #expect(try file.table("") == nil)
    }

    @Test func `a file without any commit has no table`() throws {
        let environment = try LMDBEnvironment.open(path: path, options: Table.options)
        #expect(try LMDBFile(ReadOnlyFile(path)).table("table") == nil)
        try environment.sync()
        #expect(try LMDBFile(ReadOnlyFile(path)).isOutdated() == false)
    }

    @Test func `a state is outdated once two commits have followed it`() throws {
        let environment = try LMDBEnvironment.open(path: path, options: Table.options)
        func commit(_ key: UInt8) throws {
            try environment.write { transaction in
                let table = try transaction.table("table")
                try transaction.put([], for: [key], in: table)
            }
        }
        try commit(1)
        let state = try LMDBFile(ReadOnlyFile(path))
        #expect(try !state.isOutdated())
        try commit(2)
        #expect(try !state.isOutdated())
        #expect(try state.table("table")?.entryCount == 1)
        try commit(3)
        #expect(try state.isOutdated())
    }
}

/// A table with keys and values of all sizes, written in several commits as liblmdb likes it.
private struct Table {
    private(set) var entries: [[UInt8]: [UInt8]] = [:]

    init(seed: UInt64, count: Int) {
        var generator = SeededGenerator(seed: seed)
        while entries.count < count {
            let keyByteCount = generator.below(10) == 0 ? 1 + generator.below(511) : 8
            entries[generator.bytes(count: keyByteCount)] = Self.value(&generator)
        }
    }

    private static func value(_ generator: inout SeededGenerator) -> [UInt8] {
        let count =
            switch generator.below(40) {
            case 0: 0
            // On both sides of what a page holds, and of what one overflow page holds.
            case 1: 1900 + generator.below(300)
            case 2: 4070 + generator.below(30)
            case 3: generator.below(20_000)
            default: generator.below(60)
            }
        return [UInt8](repeating: generator.byte(), count: count)
    }

    static var options: LMDBEnvironment.Options {
        var options = LMDBEnvironment.Options(mapSizeBytes: 1 << 30)
        options.isLockFree = true
        options.isUnsynced = true
        return options
    }

    /// Writes the table `table`.
    ///
    /// - Returns: The entries in the order of their keys.
    func write(to path: String) throws -> [(key: [UInt8], value: [UInt8])] {
        let environment = try LMDBEnvironment.open(path: path, options: Self.options)
        var rest = entries.map { ($0.key, $0.value) }[...]
        repeat {
            try environment.write { transaction in
                let table = try transaction.table("table")
                for (key, value) in rest.prefix(500) {
                    try transaction.put(value, for: key, in: table)
                }
            }
            rest = rest.dropFirst(500)
        } while !rest.isEmpty
        return entries.map { (key: $0.key, value: $0.value) }.sorted {
            $0.key.lexicographicallyPrecedes($1.key)
        }
    }
}

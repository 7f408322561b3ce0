import Foundation
import SpanLogTestSupport
import Testing

@testable import SpanLogStore

@Suite(.scratchDirectory) struct OpeningTests {
    private let store = Scratch.path("store")

    private var marker: String { "\(store)/spanlog-store" }

    @Test func `a store is made with its parents, and opened again`() throws {
        let path = Scratch.path("a/b/c")
        for _ in 0..<3 { _ = try StoreDirectory.openForWriting(path) }
        #expect(try Data(contentsOf: URL(filePath: path + "/spanlog-store")) == Self.marked(1))
        #expect(try StoreDirectory(path: path).entries() == ["spanlog-store"])
        #expect(try Store(path).segmentPaths.isEmpty)
    }

    @Test func `a directory that holds other things becomes a store, and they are left alone`()
        throws
    {
        try FileSystem.createDirectory(store)
        try FileSystem.replaceFile("\(store)/other.mdb", with: [1])
        _ = try StoreDirectory.openForWriting(store)
        #expect(try StoreDirectory(path: store).entries() == ["other.mdb", "spanlog-store"])
        #expect(try Store(store).segmentPaths.isEmpty)
    }

    @Test func `a file where the directory should be is refused with a remedy`() throws {
        try FileSystem.replaceFile(store, with: [])
        for path in [store, "\(store)/below"] {
            for error in [errorOfWriting(path), errorOfReading(path)] {
                #expect(error?.code == .notADirectory)
                #expect(error?.message.contains(path) == true)
            }
            #expect(errorOfWriting(path)?.message.contains("choose another path") == true)
        }
        #expect(errorOfReading(store)?.message.contains("name the one that a service") == true)
    }

    @Test func `a link that leads nowhere is no directory`() throws {
        try FileManager.default.createSymbolicLink(
            atPath: store, withDestinationPath: Scratch.path("nowhere"))
        #expect(errorOfWriting(store)?.code == .notADirectory)
        #expect(errorOfReading(store)?.code == .notFound)
    }

    @Test func `where nothing is there is nothing to read`() throws {
        let error = errorOfReading(store)
        #expect(error?.code == .notFound)
        #expect(error?.message == "There is no \(store): check the path.")
    }

    @Test func `a directory without a store says what to name instead`() throws {
        try FileSystem.createDirectory(store)
        try FileSystem.replaceFile("\(store)/notes.txt", with: [1])
        let error = errorOfReading(store)
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("\(store) holds no store") == true)
        #expect(error?.message.contains("SPANLOG_DIR") == true)
        #expect(throws: StoreError.self) { try Store.find(at: store) }
    }

    @Test func `a store of a newer format is neither read nor written`() throws {
        try FileSystem.createDirectory(store)
        try FileSystem.replaceFile(marker, with: Array(Self.marked(2)))
        for error in [errorOfWriting(store), errorOfReading(store)] {
            #expect(error?.code == .newerFormat)
            #expect(error?.message.contains("\(store) is a store of format 2") == true)
            #expect(error?.message.contains("update SpanLog") == true)
        }
        #expect(try Data(contentsOf: URL(filePath: marker)) == Self.marked(2))
    }

    @Test(arguments: [
        "", "\n", "spanlog-store", "spanlog-store \n", "spanlog-store one\n", "spanlog-stor 1\n",
        "1\n", "spanlog-store 99999999999999999999\n", "spanlog-store 0\n", "spanlog-store -1\n",
    ])
    func `a damaged marker is named and hides nothing; deleting it is a remedy`(
        text: String
    ) async throws {
        let writer = try StoreWriter(store)
        writer.append([1], start: 1, end: 2)
        #expect(await writer.shutdown() == nil)
        try FileSystem.replaceFile(marker, with: Array(text.utf8))
        let error = errorOfWriting(store)
        #expect(error?.code == .damaged)
        #expect(error?.message.contains(marker) == true)
        #expect(error?.message.contains("delete this one file") == true)
        // It hides nothing from those who read.
        let content = try StoredContent(store)
        #expect(content.spans == [[1]])
        #expect(content.damages.map(\.file) == [marker])
        try FileSystem.removeFile(marker)
        #expect(try StoredContent(store).spans == [[1]])
        _ = try StoreDirectory.openForWriting(store)
        #expect(try StoredContent(store).spans == [[1]])
    }

    @Test func `a directory without permission is refused with a remedy`() async throws {
        try FileSystem.createDirectory(store)
        await #expect(processExitsWith: .success) { [store = store as String] in
            // The superuser may write everywhere, so the child becomes somebody else.
            chmod(store, 0o500)
            if geteuid() == 0 { setuid(65_534) }
            for path in [store, "\(store)/below"] {
                let error = #expect(throws: StoreError.self) {
                    try StoreDirectory.openForWriting(path)
                }
                guard error?.code == .noPermission, error?.message.contains(path) == true else {
                    exit(2)
                }
            }
            exit(0)
        }
        chmod(store, 0o700)
    }

    /// No file system can be mounted here, so the test takes one that the machine has anyway.
    @Test(.enabled(if: readOnlyDirectory != nil, "no read-only file system is mounted here"))
    func `a read-only file system is named as such`() throws {
        let path = try #require(Self.readOnlyDirectory)
        for path in [path, "\(path)/below"] {
            let error = errorOfWriting(path)
            #expect(error?.code == .writeFailed)
            #expect(error?.message.contains("read-only file system") == true)
        }
    }

    private func errorOfWriting(_ path: String) -> StoreError? {
        #expect(throws: StoreError.self) { try StoreDirectory.openForWriting(path) }
    }

    private func errorOfReading(_ path: String) -> StoreError? {
        #expect(throws: StoreError.self) { try Store(path) }
    }

    private static func marked(_ version: Int) -> Data { Data("spanlog-store \(version)\n".utf8) }

    private static let readOnlyDirectory: String? = {
        let mounts = (try? String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)) ?? ""
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            guard fields.count > 5, fields[5].split(separator: ",").contains("ro") else { continue }
            if (try? FileSystem.kind(of: fields[4])) == .directory { return fields[4] }
        }
        return nil
    }()
}

@Suite(.scratchDirectory) struct FindingStoresTests {
    private let folder = Scratch.path("folder")

    @Test func `stores are found at any depth, and in the order of their paths`() throws {
        for name in ["b/store", "a", "b/deep/er/store", "c/not a store"] {
            try FileSystem.createDirectory("\(folder)/\(name)")
        }
        for name in ["b/store", "a", "b/deep/er/store"] {
            _ = try StoreDirectory.openForWriting("\(folder)/\(name)")
        }
        try FileSystem.replaceFile("\(folder)/b/file", with: [])
        #expect(
            try Store.find(at: folder).map(\.path)
                == ["a", "b/deep/er/store", "b/store"].map { "\(folder)/\($0)" })
        #expect(try Store.find(at: "\(folder)/a").map(\.path) == ["\(folder)/a"])
    }

    @Test(.timeLimit(.minutes(10)))
    func `directories that link to each other end the search`() throws {
        _ = try StoreDirectory.openForWriting("\(folder)/store")
        for name in ["x", "y", "z"] {
            try FileSystem.createDirectory("\(folder)/\(name)")
            for target in ["x", "y", "z"] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(folder)/\(name)/\(target)",
                    withDestinationPath: "\(folder)/\(target)")
            }
        }
        #expect(try Store.find(at: folder).map(\.path) == ["\(folder)/store"])
    }

    @Test(arguments: [
        "0101010101010101010101010101010-0.mdb", "01010101010101010101010101010101-x.mdb",
        "01010101010101010101010101010101--1.mdb", "01010101010101010101010101010101-+1.mdb",
        "01010101010101010101010101010101-01.mdb", "01010101010101010101010101010101-0.mdb-lock",
        "01010101010101010101010101010101-.mdb", "0101010101010101010101010101010G-0.mdb",
        "01010101010101010101010101010101-0-1.mdb", ".mdb",
    ])
    func `only what a recorder names so is a segment`(name: String) throws {
        #expect(StoreDirectory.SegmentName(fileName: name) == nil)
    }

    @Test func `segments are in the order of their recorders and numbers`() throws {
        let names = [(2, 0), (1, 10), (1, 9), (1, 0)].map { recorder, number in
            StoreDirectory.SegmentName(recorderID: .testing(recorder), number: number)
        }
        try FileSystem.createDirectory(folder)
        for name in names {
            #expect(StoreDirectory.SegmentName(fileName: name.fileName) == name)
            try FileSystem.replaceFile("\(folder)/\(name.fileName)", with: [])
        }
        #expect(try StoreDirectory(path: folder).segments() == names.reversed())
        #expect(try Store(folder).segmentPaths.count == 4)
    }
}

@Suite struct NetworkFileSystemTests {
    private static let mounts = """
        22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
        30 22 0:27 / /mnt/nfs rw,relatime shared:5 master:2 - nfs4 server:/export rw,vers=4.2
        31 22 0:28 / /mnt/cifs rw - cifs //server/share rw
        32 22 0:29 / /mnt/ssh\\040mount rw shared:7 - fuse.sshfs user@host:/ rw
        33 22 0:30 / /tmp rw - tmpfs tmpfs rw
        34 22 0:31 / /mnt/local\\040fuse rw - fuse.mergerfs pool rw
        35 22 0:32 /sub /mnt/lustre rw,flock - lustre 10.0.0.1@tcp:/scratch rw
        36 22 0:33 / /mnt/odd rw -
        37 22 254:1 / /mnt/nfs rw - xfs /dev/nfs rw

        not a line of it
        """

    @Test(
        arguments: [
            ("254:0", nil), ("0:27", "nfs4"), ("0:28", "cifs"), ("0:29", "fuse.sshfs"),
            ("0:30", nil),
            ("0:31", nil), ("0:32", "lustre"), ("0:33", nil), ("254:1", nil), ("9:9", nil),
            ("", nil),
        ] as [(String, String?)])
    func `what another machine serves is recognised by its type`(device: String, type: String?) {
        #expect(NetworkFileSystem.type(ofDevice: device, mounts: Self.mounts) == type)
    }

    @Test func `a table that is no table names nothing`() {
        #expect(NetworkFileSystem.type(ofDevice: "0:27", mounts: "") == nil)
        #expect(NetworkFileSystem.type(ofDevice: "0:27", mounts: "a b 0:27 - nfs") == "nfs")
        #expect(NetworkFileSystem.type(ofDevice: "0:27", mounts: "a b 0:27") == nil)
    }

    @Test func `the device of a path is one of those that the kernel lists`() throws {
        let mounts = try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8)
        let device = try FileSystem.device(of: "/proc")
        #expect(mounts.contains(" \(device) "))
        #expect(NetworkFileSystem.type(ofDevice: device, mounts: mounts) == nil)
    }

    @Test(arguments: [
        ("/a/b", "/a"), ("/a", "/"), ("/", "/"), ("a", "."), ("a/b/", "a"), ("", "."),
        ("//a//b//", "/a"), ("./a", "."),
    ])
    func `the parent of a path is the directory that holds it`(path: String, parent: String) {
        #expect(FileSystem.parent(of: path) == parent)
    }
}

// swift-tools-version: 6.2
import CompilerPluginSupport
import PackageDescription

/// What every library target of this package promises to the compiler.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Tests mention the memory that they damage on purpose, so they go without strict memory safety.
let testing: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
]

/// A part of swift-syntax, which nobody resolves, fetches or builds without the trait `Macros`.
func syntax(_ product: String) -> Target.Dependency {
    .product(name: product, package: "swift-syntax", condition: .when(traits: ["Macros"]))
}

// The command `spanlog`, the demo service and the benchmarks are packages of their own below
// `Tools`, because SwiftPM resolves and fetches every dependency that a manifest names: here they
// would put SwiftNIO and an HTTP stack into the resolution of each service that records.
let package = Package(
    name: "spanlog",
    products: [
        .library(name: "SpanLog", targets: ["SpanLog"]),
        .library(name: "SpanLogMacros", targets: ["SpanLogMacros"]),
        .library(name: "SpanLogTesting", targets: ["SpanLogTesting"]),
        .library(name: "SpanLogImport", targets: ["SpanLogImport"]),
        .library(name: "SpanLogMerge", targets: ["SpanLogMerge"]),
        .library(name: "SpanLogExport", targets: ["SpanLogExport"]),
    ],
    traits: [
        .trait(
            name: "Macros",
            description: "The macro @Traced in the product SpanLogMacros, which needs swift-syntax."
        )
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-syntax", from: "603.0.1"),
    ],
    targets: [
        .systemLibrary(
            name: "CSpanLogLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        .systemLibrary(name: "CSpanLogXXHash", providers: [.apt(["libxxhash-dev"])]),
        .systemLibrary(name: "CSpanLogSystem"),
        .systemLibrary(
            name: "CSpanLogZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "SpanLogFormat", swiftSettings: strict),
        .target(name: "SpanLogJSON", swiftSettings: strict),
        .target(name: "SpanLogLMDB", dependencies: ["CSpanLogLMDB"], swiftSettings: strict),
        .target(
            name: "SpanLogStore",
            dependencies: [
                "CSpanLogSystem", "CSpanLogXXHash", "CSpanLogZstd", "SpanLogFormat",
                "SpanLogLMDB",
            ],
            swiftSettings: strict
        ),
        .target(
            name: "SpanLog",
            dependencies: [
                "SpanLogFormat", "SpanLogStore",
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .macro(
            name: "SpanLogMacrosPlugin",
            dependencies: [
                syntax("SwiftCompilerPlugin"), syntax("SwiftSyntax"), syntax("SwiftSyntaxBuilder"),
                syntax("SwiftSyntaxMacros"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "SpanLogMacros",
            dependencies: [
                "SpanLog",
                .target(name: "SpanLogMacrosPlugin", condition: .when(traits: ["Macros"])),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "SpanLogTesting",
            dependencies: [
                "SpanLog", "SpanLogFormat", "SpanLogStore",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "SpanLogImport",
            dependencies: ["SpanLogFormat", "SpanLogJSON", "SpanLogStore"],
            swiftSettings: strict),
        .target(
            name: "SpanLogMerge",
            dependencies: ["CSpanLogSystem", "SpanLogFormat", "SpanLogLMDB", "SpanLogStore"],
            swiftSettings: strict
        ),
        .target(
            name: "SpanLogExport",
            dependencies: ["SpanLogFormat", "SpanLogJSON", "SpanLogMerge", "SpanLogStore"],
            swiftSettings: strict
        ),
        .target(
            name: "SpanLogClockSimulation", dependencies: ["SpanLogFormat", "SpanLogMerge"],
            path: "Tools/benchmark/ClockSimulation", swiftSettings: strict),
        .target(
            name: "SpanLogBenchGenerator",
            dependencies: ["SpanLogFormat", "SpanLogLMDB", "SpanLogStore"],
            path: "Tools/benchmark/Generator", swiftSettings: strict),
        .target(
            name: "SpanLogTestSupport",
            dependencies: ["SpanLogFormat", "SpanLogLMDB", "SpanLogStore"],
            path: "Tests/SpanLogTestSupport", swiftSettings: testing),
        .executableTarget(
            name: "SpanLogTestWriter", dependencies: ["SpanLog"],
            path: "Tests/SystemTests/Writer", swiftSettings: testing),
        .executableTarget(
            name: "SpanLogTestVocabulary", dependencies: ["SpanLog"],
            path: "Tests/SystemTests/Vocabulary", swiftSettings: testing),
        .target(name: "CSpanLogAllocations", path: "Tools/benchmark/Allocations"),
        .executableTarget(
            name: "SpanLogBench",
            dependencies: [
                "CSpanLogAllocations", "CSpanLogZstd", "SpanLog", "SpanLogBenchGenerator",
                "SpanLogClockSimulation", "SpanLogFormat", "SpanLogLMDB", "SpanLogMerge",
                "SpanLogStore",
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
            ],
            path: "Tools/benchmark/Bench", swiftSettings: testing),
        .executableTarget(
            name: "SpanLogTestReader", dependencies: ["SpanLogFormat", "SpanLogStore"],
            path: "Tests/SystemTests/Reader", swiftSettings: testing),
        .testTarget(
            name: "SpanLogFormatTests", dependencies: ["SpanLogFormat", "SpanLogTestSupport"],
            swiftSettings: testing),
        .testTarget(
            name: "SpanLogStoreTests",
            dependencies: [
                "SpanLogFormat", "SpanLogLMDB", "SpanLogMerge", "SpanLogStore",
                "SpanLogTestSupport",
            ],
            swiftSettings: testing),
        .testTarget(
            name: "SpanLogImportTests",
            dependencies: [
                "SpanLogFormat", "SpanLogImport", "SpanLogJSON", "SpanLogMerge", "SpanLogStore",
                "SpanLogTestSupport",
            ],
            swiftSettings: testing),
        .testTarget(
            name: "SpanLogMergeTests",
            dependencies: [
                "SpanLogClockSimulation", "SpanLogFormat", "SpanLogMerge", "SpanLogStore",
                "SpanLogTestSupport", "SpanLogTesting",
            ],
            exclude: ["Fixtures"], swiftSettings: testing),
        .testTarget(
            name: "SpanLogExportTests",
            dependencies: ["SpanLogExport", "SpanLogFormat", "SpanLogMerge", "SpanLogTestSupport"],
            swiftSettings: testing),
        .testTarget(
            name: "SpanLogTests",
            dependencies: [
                "SpanLog", "SpanLogFormat", "SpanLogStore", "SpanLogTestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: testing),
        .testTarget(
            name: "SpanLogMacrosTests",
            dependencies: [
                "SpanLogMacros", "SpanLogTesting",
                .target(name: "SpanLogMacrosPlugin", condition: .when(traits: ["Macros"])),
                syntax("SwiftParser"), syntax("SwiftSyntax"), syntax("SwiftSyntaxMacroExpansion"),
            ],
            swiftSettings: testing),
        .testTarget(
            name: "SpanLogTestingTests",
            dependencies: [
                "SpanLogTesting", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: testing),
    ]
)

// libFuzzer brings the `main` of the program that it calls.
if Context.environment["SPANLOG_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "SpanLogFuzzer", dependencies: ["SpanLogFormat", "SpanLogMerge", "SpanLogStore"],
            path: "Tests/Fuzzing",
            swiftSettings: testing + [.unsafeFlags(["-parse-as-library"])]))
}

// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// What an instrumented service is made of.
let service: [Target.Dependency] = [
    .product(name: "ArgumentParser", package: "swift-argument-parser"),
    .product(name: "AsyncHTTPClient", package: "async-http-client"),
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "Logging", package: "swift-log"),
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOHTTP1", package: "swift-nio"),
    .product(name: "SpanLog", package: "spanlog"),
]

// The programs, apart from the libraries: what they depend on, no recording service resolves.
let package = Package(
    name: "spanlog-tools",
    products: [
        .executable(name: "spanlog", targets: ["spanlog"]),
        .executable(name: "spanlog-demo-service", targets: ["spanlog-demo-service"]),
    ],
    dependencies: [
        .package(name: "spanlog", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    ],
    targets: [
        .systemLibrary(name: "CSpanLogMalloc", path: "CSpanLogMalloc"),
        .systemLibrary(
            name: "CSpanLogZlib", path: "CSpanLogZlib", pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"])]),
        .executableTarget(
            name: "spanlog",
            dependencies: [
                "CSpanLogMalloc",
                "CSpanLogZlib",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SpanLogExport", package: "spanlog"),
                .product(name: "SpanLogImport", package: "spanlog"),
                .product(name: "SpanLogMerge", package: "spanlog"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "spanlog",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "spanlog-demo-service",
            dependencies: service,
            path: "demo",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "spanlog-twin-service",
            dependencies: service + [
                .product(name: "NIOFoundationCompat", package: "swift-nio")
            ],
            path: "twin",
            swiftSettings: strict
        ),
    ]
)

// swift-tools-version: 6.2
import CompilerPluginSupport
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// The macro `@Traced`, apart from the libraries: who does not use it neither resolves nor builds
// swift-syntax.
let package = Package(
    name: "spanlog-macros",
    products: [
        .library(name: "SpanLogMacros", targets: ["SpanLogMacros"])
    ],
    dependencies: [
        .package(name: "spanlog", path: ".."),
        .package(url: "https://github.com/swiftlang/swift-syntax", from: "603.0.1"),
    ],
    targets: [
        .macro(
            name: "SpanLogMacrosPlugin",
            dependencies: [
                .product(name: "SwiftCompilerPlugin", package: "swift-syntax"),
                .product(name: "SwiftSyntax", package: "swift-syntax"),
                .product(name: "SwiftSyntaxBuilder", package: "swift-syntax"),
                .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "SpanLogMacros",
            dependencies: [
                "SpanLogMacrosPlugin",
                .product(name: "SpanLog", package: "spanlog"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SpanLogMacrosTests",
            dependencies: [
                "SpanLogMacros", "SpanLogMacrosPlugin",
                .product(name: "SpanLogTesting", package: "spanlog"),
                .product(name: "SwiftParser", package: "swift-syntax"),
                .product(name: "SwiftSyntax", package: "swift-syntax"),
                .product(name: "SwiftSyntaxMacroExpansion", package: "swift-syntax"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]
        ),
    ]
)

#if Macros
import SwiftCompilerPlugin
import SwiftSyntaxMacros

@main
struct Plugin: CompilerPlugin {
    let providingMacros: [any Macro.Type] = [TracedMacro.self]
}
#else
/// Nothing: without the trait `Macros` there is no swift-syntax to expand macros with.
@main
struct Plugin {
    static func main() {}
}
#endif

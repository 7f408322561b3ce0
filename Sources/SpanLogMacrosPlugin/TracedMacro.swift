#if Macros
public import SwiftSyntax
internal import SwiftSyntaxBuilder
public import SwiftSyntaxMacros

/// Expands `@Traced`.
public struct TracedMacro: BodyMacro {
    /// The body that starts a span, records the arguments, and runs the original body inside.
    public static func expansion(
        of node: AttributeSyntax,
        providingBodyFor declaration: some DeclSyntaxProtocol & WithOptionalCodeBlockSyntax,
        in context: some MacroExpansionContext
    ) throws -> [CodeBlockItemSyntax] {
        guard let function = declaration.as(FunctionDeclSyntax.self) else {
            throw TracedMacroError("@Traced is for functions: elsewhere, use withSpan.")
        }
        guard let body = function.body else {
            throw TracedMacroError("@Traced is for functions that have a body.")
        }
        let effects = function.signature.effectSpecifiers
        if effects?.throwsClause?.throwsSpecifier.tokenKind == .keyword(.rethrows) {
            throw TracedMacroError("@Traced is for functions that do not rethrow: use withSpan.")
        }
        let options = TracedOptions(node)
        let call = context.makeUniqueName("call")
        let name = function.name.trimmed.text.filter { $0 != "`" }
        var statements: [CodeBlockItemSyntax] = [
            """
            let \(call) = SpanLogMacros.TracedFunction(\
            \(options.name), type: \(options.type), function: \(literal: name), \
            outputs: \(options.outputs))
            """
        ]
        let arguments = recordedNames(of: function)
        if !arguments.isEmpty {
            let pairs = arguments.map { "\"\($0)\": \($0) as Any" }.joined(separator: ", ")
            statements.append(
                """
                if \(call).isRecording, \(options.inputs) {
                    \(call).setArguments([\(raw: pairs)])
                }
                """)
        }
        let isAsync = effects?.asyncSpecifier != nil
        let isThrowing = effects?.throwsClause != nil
        let prefix = (isThrowing ? "try " : "") + (isAsync ? "await " : "")
        statements.append(
            """
            return \(raw: prefix)\(call).run {\(raw: signature(of: function))
            \(body.statements)
            }
            """)
        return statements
    }

    /// The signature of the closure that the body becomes, where it can be written.
    private static func signature(of function: FunctionDeclSyntax) -> String {
        let result = function.signature.returnClause?.type.trimmedDescription ?? "Void"
        // A closure has no opaque type: what it returns is inferred.
        let isOpaque = function.signature.returnClause?.type.tokens(viewMode: .sourceAccurate)
            .contains { $0.tokenKind == .keyword(.some) }
        if isOpaque == true { return "" }
        let effects = function.signature.effectSpecifiers
        let isAsync = effects?.asyncSpecifier == nil ? "" : "async "
        let throwing = effects?.throwsClause.map { "\($0.trimmedDescription) " } ?? ""
        return " () \(isAsync)\(throwing)-> \(result) in"
    }

    /// The parameters whose values can be recorded, by the names that they have in the body.
    private static func recordedNames(of function: FunctionDeclSyntax) -> [String] {
        function.signature.parameterClause.parameters.compactMap { parameter in
            let name = (parameter.secondName ?? parameter.firstName).trimmed.text
            guard name != "_", !parameter.type.isUnrecordable else { return nil }
            return name
        }
    }
}

/// What the macro cannot do, and what to do instead.
struct TracedMacroError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// What stands in the parentheses of the attribute.
private struct TracedOptions {
    private(set) var name: ExprSyntax = "nil"
    private(set) var type: ExprSyntax = ".unknown"
    private(set) var inputs: ExprSyntax = "true"
    private(set) var outputs: ExprSyntax = "true"

    init(_ attribute: AttributeSyntax) {
        guard case .argumentList(let arguments) = attribute.arguments else { return }
        for argument in arguments {
            let value = argument.expression.trimmed
            switch argument.label?.text {
            case nil: name = value
            case "type": type = value
            case "inputs": inputs = value
            case "outputs": outputs = value
            default: break
            }
        }
    }
}

extension TypeSyntax {
    /// Whether a value of this type cannot be put into an `Any`: functions may not escape, and what is
    /// borrowed or consumed may not be copied.
    fileprivate var isUnrecordable: Bool {
        if self.is(FunctionTypeSyntax.self) { return true }
        guard let attributed = self.as(AttributedTypeSyntax.self) else {
            let tuple = self.as(TupleTypeSyntax.self)?.elements
            return tuple?.count == 1 && tuple?.first?.type.isUnrecordable == true
        }
        let specifiers = attributed.specifiers.map { $0.trimmedDescription }
        if specifiers.contains("borrowing") || specifiers.contains("consuming") { return true }
        return attributed.baseType.isUnrecordable
    }
}
#endif

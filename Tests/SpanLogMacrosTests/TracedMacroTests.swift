#if Macros
import SwiftParser
import SwiftSyntax
import SwiftSyntaxMacroExpansion
import Testing

@testable import SpanLogMacrosPlugin

@Suite struct TracedMacroTests {
    @Test(arguments: [
        ("@Traced init() {}", "is for functions: elsewhere, use withSpan"),
        ("@Traced func f()", "functions that have a body"),
        (
            "@Traced func f(_ g: () throws -> Void) rethrows { try g() }",
            "functions that do not rethrow"
        ),
    ])
    func `what cannot be traced is refused with what to do`(source: String, reason: String)
        throws
    {
        let item = try #require(Parser.parse(source: source).statements.first?.item)
        let declaration = try #require(
            item.as(DeclSyntax.self)?.asProtocol((any WithOptionalCodeBlockSyntax).self)
                as? any DeclSyntaxProtocol & WithOptionalCodeBlockSyntax)
        let attribute = AttributeSyntax(attributeName: TypeSyntax("Traced"))
        let error = #expect(throws: TracedMacroError.self) {
            try Self.expand(attribute, declaration)
        }
        #expect(error?.description.contains(reason) == true)
    }

    private static func expand(
        _ attribute: AttributeSyntax,
        _ declaration: some DeclSyntaxProtocol & WithOptionalCodeBlockSyntax
    ) throws {
        _ = try TracedMacro.expansion(
            of: attribute, providingBodyFor: declaration, in: BasicMacroExpansionContext())
    }
}
#endif

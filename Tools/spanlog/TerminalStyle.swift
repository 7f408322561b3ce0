import Glibc

/// How text may be set off where it is printed.
struct TerminalStyle {
    let isColored: Bool

    /// Colored if stdout is a terminal, unless `NO_COLOR` is set (<https://no-color.org>).
    static var standardOutput: TerminalStyle {
        TerminalStyle(isColored: isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil)
    }

    func faint(_ text: String) -> String { escaped(text, "2") }
    func red(_ text: String) -> String { escaped(text, "31") }
    func bold(_ text: String) -> String { escaped(text, "1") }

    private func escaped(_ text: String, _ code: String) -> String {
        isColored ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

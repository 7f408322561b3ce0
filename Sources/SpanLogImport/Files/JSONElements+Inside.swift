internal import SpanLogJSON

extension JSONElements {
    /// Takes bytes of an object, array or string up to its end.
    mutating func inside(
        _ purpose: Purpose, _ bytes: [UInt8], _ position: inout Int,
        _ emit: (Event) throws -> Void
    ) throws {
        let start = position
        var isEnd = false
        var newline: Int?
        var index = position
        let count = bytes.count
        scan: while index < count {
            let byte = bytes[index]
            index += 1
            if isEscaped {
                isEscaped = false
                continue
            }
            switch byte {
            case UInt8(ascii: "\""):
                isInString.toggle()
                if !isInString, depth == 0 { isEnd = true }
            case UInt8(ascii: "\\"): isEscaped = isInString
            case UInt8(ascii: "{"), UInt8(ascii: "["): if !isInString { depth += 1 }
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if !isInString {
                    depth -= 1
                    isEnd = depth == 0
                }
            case 0x0A:
                newline = index - 1
                break scan
            default: continue
            }
            if isEnd { break }
        }
        capture(purpose, bytes[start..<(newline ?? index)])
        move((newline ?? index) - start, &position)
        if isEnd { return try end(purpose, emit) }
        guard newline != nil else { return }
        try self.newline(emit)
        if case .inside = state { capture(purpose, [0x0A]) }
        move(1, &position)
    }

    private mutating func capture(_ purpose: Purpose, _ bytes: ArraySlice<UInt8>) {
        guard purpose != .skipped, !isOversized else { return }
        let max = purpose == .name ? Self.nameByteCountMax : byteCountMax
        guard captured.count + bytes.count <= max else {
            isOversized = true
            return captured = []
        }
        captured.append(contentsOf: bytes)
    }

    private mutating func end(_ purpose: Purpose, _ emit: (Event) throws -> Void) throws {
        state = .outline
        let (bytes, isWhole) = (captured, !isOversized)
        captured = []
        isOversized = false
        switch purpose {
        case .skipped: break
        case .name: take(name: isWhole ? bytes : [])
        case .element:
            guard isWhole else {
                let reason = "it has more than \(byteCountMax) bytes"
                return try emit(.fault(reason, elementStart))
            }
            try emit(.element(bytes, elementStart))
        }
    }

    private mutating func take(name: [UInt8]) {
        phase = .colon
        guard case .document(let isKnown, let isOther, _) = containers.last else { return }
        let inside = name.isEmpty ? 0..<0 : 1..<name.count - 1
        isList = shape.listNames?.index(of: inside, in: name) != nil
        let other = shape.otherNames.index(of: inside, in: name) != nil
        containers[containers.count - 1] = .document(
            isKnown: isKnown || isList, isOther: isOther || other, isEmpty: false)
    }

    private static let nameByteCountMax = 1024
}

internal import SpanLogJSON

extension JSONElements {
    mutating func move(_ count: Int, _ position: inout Int) {
        position += count
        place.byteOffset += UInt64(count)
    }

    /// Takes a line's end.
    mutating func newline(_ emit: (Event) throws -> Void) throws {
        if shape.isLineBased, !isClean {
            try emit(.fault("the line is cut off", start))
            reset()
        }
        place.line += 1
    }

    mutating func reset() {
        state = .outline
        phase = .value
        containers.removeAll(keepingCapacity: true)
        captured = []
        (isOversized, isInString, isEscaped, depth) = (false, false, false, 0)
    }

    /// Gives up the line, or without lines all of the rest.
    mutating func lose(_ reason: String, _ emit: (Event) throws -> Void) throws {
        try emit(.fault(reason, place))
        reset()
        state = .lost
    }

    mutating func skipLost(_ bytes: [UInt8], _ position: inout Int) {
        guard shape.isLineBased, let end = bytes[position...].firstIndex(of: 0x0A) else {
            return move(bytes.count - position, &position)
        }
        move(end - position, &position)
        state = .outline
    }

    mutating func skipScalar(_ bytes: [UInt8], _ position: inout Int) {
        let end = bytes[position...].firstIndex { byte in
            JSONCharacter.isSpace(byte) || JSONCharacter.punctuation(byte) != nil
        }
        move((end ?? bytes.count) - position, &position)
        if end != nil { state = .outline }
    }

    /// Takes a byte outside of the objects.
    mutating func outline(
        _ byte: UInt8, _ position: inout Int, _ emit: (Event) throws -> Void
    ) throws {
        if byte == 0x0A {
            try newline(emit)
            return move(1, &position)
        }
        guard !JSONCharacter.isSpace(byte) else { return move(1, &position) }
        if containers.isEmpty { documentStart = place }
        switch JSONCharacter.punctuation(byte) {
        case .objectStart: try openObject(&position, emit)
        case .arrayStart: try openArray(&position, emit)
        case .objectEnd, .arrayEnd: try close(byte, &position, emit)
        case .comma:
            if case .document = containers.last { phase = .name }
            move(1, &position)
        case .colon:
            guard case .document = containers.last, phase == .colon else {
                return try lose("this is no JSON", emit)
            }
            phase = .value
            move(1, &position)
        default: try openScalar(byte, &position, emit)
        }
    }

    private mutating func openObject(
        _ position: inout Int, _ emit: (Event) throws -> Void
    ) throws {
        switch containers.last {
        case .list: begin(.element)
        case .document:
            guard phase == .value else { return try lose("this is no JSON", emit) }
            begin(.skipped)
        case .array, nil:
            guard shape.listNames != nil else { return begin(.element) }
            containers.append(.document(isKnown: false, isOther: false, isEmpty: true))
            phase = .name
            move(1, &position)
        }
    }

    private mutating func openArray(
        _ position: inout Int, _ emit: (Event) throws -> Void
    ) throws {
        switch containers.last {
        case .document:
            guard phase == .value else { return try lose("this is no JSON", emit) }
            guard isList else { return begin(.skipped) }
            containers.append(.list)
            move(1, &position)
        case .list:
            try emit(.fault("expected \(shape.elementName)", place))
            begin(.skipped)
        case .array, nil:
            containers.append(.array)
            move(1, &position)
        }
    }

    private mutating func close(
        _ byte: UInt8, _ position: inout Int, _ emit: (Event) throws -> Void
    ) throws {
        let isBrace = byte == UInt8(ascii: "}")
        switch containers.last {
        case .document(let isKnown, let isOther, let isEmpty) where isBrace:
            containers.removeLast()
            phase = .value
            if !isKnown, isOther { try emit(.other(documentStart)) }
            if !isKnown, !isOther, !isEmpty {
                try emit(.fault("the document holds no spans of this format", documentStart))
            }
        case .list where !isBrace:
            containers.removeLast()
            phase = .name
        case .array where !isBrace: containers.removeLast()
        default: return try lose("this is no JSON", emit)
        }
        move(1, &position)
    }

    /// Takes a string, number or word, or what is none.
    private mutating func openScalar(
        _ byte: UInt8, _ position: inout Int, _ emit: (Event) throws -> Void
    ) throws {
        let isString = byte == UInt8(ascii: "\"")
        if case .document = containers.last {
            if phase == .name, isString { return begin(.name) }
            guard phase == .value else { return try lose("this is no JSON", emit) }
        } else if containers.isEmpty {
            return try lose("this is no JSON", emit)
        } else {
            try emit(.fault("expected \(shape.elementName)", place))
        }
        if isString {
            begin(.skipped)
        } else {
            state = .scalar
        }
    }

    mutating func begin(_ purpose: Purpose) {
        state = .inside(purpose)
        elementStart = place
    }
}

"""The encoding of Protocol Buffers, for messages that no package knows. Shares no code with SpanLog."""

import itertools


def fields(message):
    """The fields of a Protocol Buffers message: numbers with bytes or integers."""
    position = 0
    while position < len(message):
        tag, position = varint(message, position)
        kind = tag & 7
        if kind == 0:
            value, position = varint(message, position)
        else:
            length = {1: 8, 5: 4}.get(kind)
            if length is None:
                assert kind == 2
                length, position = varint(message, position)
            value = message[position : position + length]
            assert len(value) == length
            position += length
        yield tag >> 3, value


def members(message, number):
    """What stands in one field, each time it is there."""
    return [content for found, content in fields(message) if found == number]


def packed(message):
    position = 0
    while position < len(message):
        value, position = varint(message, position)
        yield value


def pairs(message):
    """The numbers of a packed field, two by two."""
    numbers = list(packed(message))
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def varint(message, position):
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def varint_bytes(value):
    result = b""
    while value >= 0x80:
        result += bytes([value & 0x7F | 0x80])
        value >>= 7
    return result + bytes([value])


def field_bytes(number, value):
    """A field whose value is bytes, or a number as a varint."""
    if isinstance(value, int):
        return varint_bytes(number << 3) + varint_bytes(value)
    return varint_bytes(number << 3 | 2) + varint_bytes(len(value)) + value


def packed_bytes(numbers):
    return b"".join(map(varint_bytes, numbers))


def signed(number):
    return number >> 1 ^ -(number & 1)


def sums(differences):
    return list(itertools.accumulate(differences))

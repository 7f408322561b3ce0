import SpanLogFormat

/// The anchors of a boot as an entry of the table `anchors`.
enum ArchivedAnchors {
    enum Field {
        static let domain = 1
        static let doublings = 2
        /// Packed: each anchor's CLOCK_BOOTTIME, and CLOCK_REALTIME minus that, as differences to the
        /// anchor before.
        static let readings = 3
    }

    static func encode(
        _ anchors: ClockAnchors, of domain: ClockDomain, into writer: inout ProtobufWriter
    ) {
        writer.string(Field.domain, domain.name)
        writer.uint64(Field.doublings, UInt64(anchors.doublings))
        var (time, offset): (Int64, Int64) = (0, 0)
        writer.message(Field.readings) { writer in
            for reading in anchors.readings {
                writer.varint(ZigZag.encoded(reading.boottime &- time))
                writer.varint(ZigZag.encoded(reading.offset &- offset))
                (time, offset) = (reading.boottime, reading.offset)
            }
        }
    }

    /// Reads an entry. Numbers that make no sense are taken over; no reader traps on them.
    static func decode(
        _ bytes: [UInt8], _ range: Range<Int>
    ) throws(FormatError) -> (ClockDomain, ClockAnchors) {
        var (name, doublings): (String, UInt64) = ("", 0)
        var readings: [ClockAnchors.Reading] = []
        var reader = ProtobufReader(bytes, range)
        while let field = try reader.next() {
            switch field.number {
            case Field.domain: name = try reader.text(field.value)
            case Field.doublings: doublings = try reader.number(field.value)
            case Field.readings:
                var list = ProtobufReader(bytes, try reader.range(field.value))
                var (time, offset): (Int64, Int64) = (0, 0)
                while let number = try list.nextVarint() {
                    time &+= ZigZag.decoded(number)
                    offset &+= ZigZag.decoded(try list.nextVarint() ?? 0)
                    readings.append(
                        .init(
                            boottime: ClockTime.clamped(Int128(time)),
                            offset: ClockTime.clamped(Int128(offset))))
                }
            default: break
            }
        }
        guard name.hasPrefix("boot:"), let bootID = Hexadecimal.bytes(name.dropFirst(5)),
            let domain = ClockDomain(bootID: bootID)
        else { throw FormatError("anchors do not say of which boot they are") }
        return (domain, ClockAnchors(readings, doublings: Int64(clamping: doublings)))
    }
}

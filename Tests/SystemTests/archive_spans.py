"""The spans of an archive's traces, of the records that they name, by the documented format. Shares
no code with SpanLog."""

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from wire import members, pairs

MASK = 2**64 - 1
OK, ERROR = 1, 2


class Part:
    """An entry of the table `traces`: the spans, each with its origin and where its first record was
    found, and what the digest hashes."""

    def __init__(self, entry, blocks):
        [self.trace_id] = members(entry, 1)
        [self.number] = members(entry, 2) or [0]
        self.spans, self.digest = [], self.trace_id
        recorded = [blocks.record(*place) for part in members(entry, 3) for place in pairs(part)]
        for record in recorded:
            self.add(Span.FromString(record.content), record)
            self.digest += record.in_digest()
        changed = [changed_span(message, blocks) for message in members(entry, 4)]
        for span, records in changed:
            self.add(span, records[0])
            self.digest += len(records).to_bytes(8, "little")
            self.digest += b"".join(record.in_digest() for record in records)
            self.digest += span.span_id + span.parent_span_id.rjust(8, b"\0")
        for part in members(entry, 5):
            twins = [blocks.record(*place) for place in pairs(part)]
            for kept, other in zip(twins[::2], twins[1::2], strict=True):
                assert kept.content == other.content and kept != other
                self.digest += kept.in_digest() + other.in_digest()
        self.orders = [order_of(recorded), order_of([records[0] for _, records in changed])]
        assert all(orders == sorted(orders) for orders in self.orders)

    def add(self, span, record):
        span.trace_id = self.trace_id
        self.spans.append((span, record.origin, record.sequence, record.place))

    @property
    def key(self):
        """The place of the part."""
        place = scrambled(int.from_bytes(self.trace_id[8:], "big")).to_bytes(8, "big")
        return place + self.trace_id + self.number.to_bytes(4, "big")


def order_of(records):
    """What the spans of a part are ordered by, as their records say it."""
    ids = [Span.FromString(record.content).span_id for record in records]
    return [scrambled(int.from_bytes(span_id, "big")) for span_id in ids]


def scrambled(x):
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & MASK
    return x ^ (x >> 31)


def changed_span(message, blocks):
    """A span that was joined or changed, and its records."""
    records = [blocks.record(*place) for part in members(message, 1) for place in pairs(part)]
    assert records == sorted(records, key=rank, reverse=True)
    span = joined(records) if len(records) > 1 else Span.FromString(records[0].content)
    for span_id in members(message, 2):
        assert len(span_id) == 8 and span_id != span.span_id
        span.span_id = span_id
    for parent in members(message, 3):
        assert len(parent) == 8
        span.parent_span_id = parent if any(parent) else b""
    span.attributes.extend(map(KeyValue.FromString, members(message, 4)))
    return span, records


def rank(record):
    """The greater it is, the more the record counts."""
    is_finished = Span.FromString(record.content).end_time_unix_nano != 0
    return is_finished, record.sequence, record.hash


def joined(records):
    """The span of several records, of which the first one counts most."""
    versions = [Span.FromString(record.content) for record in records]
    span = Span.FromString(records[0].content)
    span.start_time_unix_nano = min(version.start_time_unix_nano for version in versions)
    span.end_time_unix_nano = max(version.end_time_unix_nano for version in versions)
    for name in ("attributes", "events", "links"):
        setattr(span, f"dropped_{name}_count",
                max(getattr(version, f"dropped_{name}_count") for version in versions))  # fmt: skip
        span.ClearField(name)
    parents = [version.parent_span_id for version in versions if any(version.parent_span_id)]
    span.parent_span_id = parents[0] if parents else b""
    codes = [version.status.code for version in versions]
    [code] = [code for code in (OK, ERROR) if code in codes][:1] or codes[:1]
    span.status.CopyFrom(versions[codes.index(code)].status)
    known = {}
    for attribute in (attribute for version in versions for attribute in version.attributes):
        if span.end_time_unix_nano and attribute.key == "spanlog.last_seen_unix_nano":
            continue
        values = known.setdefault(attribute.key, [])
        if attribute.value.SerializeToString() in values:
            continue
        key = [attribute.key, f"conflict.{attribute.key}", f"conflict.{attribute.key}.{len(values)}"]
        span.attributes.add(key=key[min(len(values), 2)], value=attribute.value)
        values.append(attribute.value.SerializeToString())
    for name in ("events", "links"):
        elements = [element for version in versions for element in getattr(version, name)]
        once = {}
        for element in elements:
            once.setdefault(element.SerializeToString(), element)
        getattr(span, name).extend(once.values())
    return span

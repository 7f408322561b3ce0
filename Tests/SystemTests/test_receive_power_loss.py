"""After a loss of power the store of a receiver opens, and holds every span that was acknowledged before.

As in `test_power_loss.py`, from a log of what the receiver does to its disk; how long the log was when an
answer came tells what must be there from then on. SPANLOG_POWER_LOSSES=10000 is a campaign.
"""

import os
import random
import tempfile
import threading
from collections import Counter
from pathlib import Path

import disks
import power_loss
import requests
from otlp import PROTOBUF, Receiver, request, span

LOSSES = int(os.environ.get("SPANLOG_POWER_LOSSES", "300")) // 3
# Segments are of a quarter of that, so that they rotate; all together stay below it.
OPTIONS = ["--store-bytes-max", "6M"]


def test_what_was_acknowledged_survives_a_loss_of_power(tmp_path, reader):
    events, acknowledged = record(tmp_path)
    assert len(acknowledged) == 600
    failures = check(tmp_path, reader, events, acknowledged, is_lying=False)
    assert failures == []


def test_a_disk_that_lies_about_what_is_durable_is_found_out(tmp_path, reader):
    """So the other test would notice a receiver that answers too early."""
    events, acknowledged = record(tmp_path)
    assert len(check(tmp_path, reader, events, acknowledged, is_lying=True)) > LOSSES // 5


def record(tmp_path):
    """What a receiver does to its disk, and of each span how much of that was done when it was answered."""
    log, acknowledged = tmp_path / "log", {}
    environment = disks.environment(tmp_path / "store", log=log)
    with Receiver(tmp_path / "store", *OPTIONS, environment=environment) as receiver:
        threads = [
            threading.Thread(target=send, args=(receiver, log, service, acknowledged)) for service in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert receiver.stop() == 0
    assert len(list(receiver.store.glob("*.mdb"))) > 1
    return power_loss.read_log(log), acknowledged


def send(receiver, log, service, acknowledged):
    with requests.Session() as session:
        for number in range(1, 201):
            name = f"{service}.{number}"
            text = [{"key": "x", "value": {"string_value": name * (1 + number * 7919 % 500)}}]
            fields = span(number, trace=service + 1, name=name, attributes=text)
            body = request(fields, service=f"service {service}").SerializeToString()
            assert session.post(receiver.traces_url, body, headers=PROTOBUF).status_code == 200
            acknowledged[name] = log.stat().st_size


def check(tmp_path, reader, events, acknowledged, is_lying):
    """What is wrong after losses of power at random moments."""
    generator = random.Random(7)
    disk, position, size, failures = power_loss.Disk(is_lying), 0, 0, []
    for moment in sorted(generator.choices(range(1, len(events) + 1), k=LOSSES)):
        for event in events[position:moment]:
            disk.apply(event)
            size += power_loss.RECORD.size + len(event.data)
        position = moment
        durable = {name for name, log_size in acknowledged.items() if log_size <= size}
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
            never_synced = disk.lose_power(Path(folder), generator)
            failures += wrong(reader, Path(folder), durable, never_synced)
    assert durable, "nothing was acknowledged before the last moment"
    return failures


def wrong(reader, folder, durable, never_synced):
    if not any(path.suffix in (".mdb", ".spool") for path in folder.iterdir()):
        return ["there is no store"] if durable else []
    contents = reader.read(folder)
    ended = Counter(contents.ended)
    # A receiver writes the next block of a recorder when the one before is durable: none is missing.
    damages = [d for d in contents.damages if os.path.basename(d.split(": ")[0]) not in never_synced]
    lost = [f"{name} is lost" for name in durable - ended.keys()]
    return damages + lost[:1] + [f"{name} is there twice" for name, count in ended.items() if count > 1]

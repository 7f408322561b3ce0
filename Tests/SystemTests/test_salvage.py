"""`spanlog salvage` and `spanlog verify`: what is intact comes out, and what is not is named."""

import json
import os

from processes import Writer, spanlog, spanlog_json

START = 1_790_000_000_000_000_000


def record(store, count):
    with Writer(store) as writer:
        for number in range(count):
            writer.record({"name": f"{number}", "start": START, "end": START + 5})
            writer.flush()
        writer.shutdown()
    return next(store.glob("*.mdb"))


def contents(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_a_store_without_a_tree_comes_out_whole(tmp_path):
    store, output = tmp_path / "store", tmp_path / "rescued"
    segment = record(store, 20)
    data = bytearray(segment.read_bytes())
    data[: 2 * 4096] = bytes(2 * 4096)
    segment.write_bytes(data)
    before = contents(store)
    for path in [segment, store]:
        os.chmod(path, 0o500)
    result = spanlog("salvage", store, "-o", output, check=False)
    os.chmod(store, 0o700)
    assert result.returncode == 2, result
    assert "20 blocks, 20 spans" in result.stdout and str(segment) in result.stdout
    assert contents(store) == before
    assert ": sound (20 blocks, 20 spans)" in spanlog("verify", output).stdout


def test_each_damage_has_its_place(tmp_path):
    store, output = tmp_path / "store", tmp_path / "rescued"
    segment = record(store, 9)
    data = bytearray(segment.read_bytes())
    places = [
        place
        for place in range(16, len(data), 4096)
        if data[place : place + 8] == b"SPLGBLK1"
        and int.from_bytes(data[place + 24 : place + 32], "little") == 4
    ]
    data[places[0] + 200] ^= 1
    segment.write_bytes(data)
    result = spanlog("verify", store, "--json", check=False)
    assert result.returncode == 1
    damages = json.loads(result.stdout)[0]["damages"]
    assert damages[0]["file"] == str(segment)
    assert damages[0]["byte_offset"] == places[0] and damages[0]["sequence"] == 4
    assert damages[1]["sequence"] == 4 and "are missing" in damages[1]["reason"]
    result = spanlog("salvage", store, "-o", output, "--json", check=False)
    assert result.returncode == 2
    rescued = json.loads(result.stdout)["rescued"]
    assert rescued == {"block_count": 8, "span_count": 8, "open_span_count": 0}


def test_a_sound_store_is_rescued_with_status_0_and_no_output_is_overwritten(tmp_path):
    store, output = tmp_path / "store", tmp_path / "rescued"
    record(store, 3)
    assert "rescued 3 blocks, 3 spans" in spanlog("salvage", store, "-o", output).stdout
    before = contents(output)
    result = spanlog("salvage", store, "-o", output, check=False)
    assert result.returncode == 1 and "is not empty" in result.stderr
    result = spanlog("salvage", store, "-o", store / "below", check=False)
    assert result.returncode == 1 and "outside" in result.stderr
    assert contents(output) == before
    assert spanlog_json("verify", store, output)[1]["recorders"][0]["span_count"] == 3

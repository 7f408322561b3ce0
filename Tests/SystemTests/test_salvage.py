"""`spanlog salvage` and `spanlog verify`: what is intact comes out, and what is not is named."""

import json
import os

import pytest
from archives import read_archive
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


@pytest.fixture
def archive(tmp_path):
    for number in range(3):
        record(tmp_path / "stores" / f"{number}", 10)
    spanlog("merge", tmp_path / "stores", "-o", tmp_path / "archive")
    return tmp_path / "archive"


def places(data, magic):
    return [place for place in range(16, len(data), 4096) if data[place : place + 8] == magic]


def test_a_sound_archive_is_called_sound_with_its_digest(archive):
    digest = read_archive(archive).report["digest"]
    assert spanlog("verify", archive).stdout == (
        f"{archive}: sound (30 blocks, 30 spans, 30 traces, digest {digest})\n"
    )
    [report] = spanlog_json("verify", archive)
    assert report["damages"] == [] and report["digest"] == digest


def test_each_damage_of_an_archive_has_its_place(archive):
    data = bytearray(archive.read_bytes())
    [block, *_], [*_, chunk] = (places(data, magic) for magic in (b"SPLGBLK1", b"SPLGARC2"))
    for place in (block, chunk):
        data[place + 50] ^= 1
    archive.write_bytes(data)
    result = spanlog("verify", archive, "--json", check=False)
    assert result.returncode == 1
    [report] = json.loads(result.stdout)
    found = {damage["byte_offset"]: damage for damage in report["damages"]}
    assert found[block]["table"] == "blocks" and "checksum" in found[block]["reason"]
    assert found[chunk]["table"] != "blocks" and "checksum" in found[chunk]["reason"]
    assert all(damage["file"] == str(archive) for damage in report["damages"])
    assert f"byte {block}" in spanlog("verify", archive, check=False).stdout


def test_an_archive_of_which_only_blocks_are_left_is_merged_again(archive, tmp_path):
    digest = read_archive(archive).report["digest"]
    data = archive.read_bytes()
    left = bytearray(len(data))
    for place in places(data, b"SPLGBLK1"):
        end = place + 192 + int.from_bytes(data[place + 72 : place + 80], "little")
        left[place:end] = data[place:end]
    archive.write_bytes(left)
    result = spanlog("show", archive, check=False)
    assert result.returncode == 1 and "spanlog verify" in result.stderr
    assert spanlog("verify", archive, check=False).returncode == 1
    result = spanlog("salvage", archive, "-o", tmp_path / "rescued", check=False)
    assert result.returncode == 2 and "rescued 30 blocks, 30 spans" in result.stdout
    assert archive.read_bytes() == left
    spanlog("merge", tmp_path / "rescued", "-o", tmp_path / "again")
    assert read_archive(tmp_path / "again").report["digest"] == digest


def test_what_is_neither_store_nor_archive_is_refused_with_both_remedies(tmp_path):
    other = tmp_path / "notes.txt"
    other.write_text("notes")
    for arguments in [("verify", other), ("salvage", other, "-o", tmp_path / "new")]:
        result = spanlog(*arguments, check=False)
        assert result.returncode == 1
        assert f"{other} is neither a store nor an archive" in result.stderr
        assert "SPANLOG_DIR" in result.stderr and "spanlog merge" in result.stderr
    assert not (tmp_path / "new").exists()

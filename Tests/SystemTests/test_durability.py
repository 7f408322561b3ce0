"""What is durable stays there, whatever becomes of the process and whoever else writes."""

import threading
from collections import Counter

import stores
from processes import Writer, spanlog, spanlog_json

START = 1_790_000_000_000_000_000


def spans(prefix, count):
    return [{"name": f"{prefix}.{i}", "start": START, "end": START + i} for i in range(count)]


def names(directory):
    return Counter(span.name for span in stores.read_spans(directory))


def test_a_killed_process_loses_nothing_that_was_flushed(tmp_path):
    flushed, recorded = Counter(), Counter()
    for life in range(5):
        with Writer(tmp_path) as writer:
            for batch in range(4):
                described = spans(f"{life}.{batch}", 250)
                writer.record(*described)
                recorded.update(span["name"] for span in described)
                if batch < 3:  # The last batch may be lost, but no flushed one.
                    writer.flush()
                    flushed.update(span["name"] for span in described)
            writer.kill()
        found = names(tmp_path)
        # Python reads the segments alone; what was not flushed may be in the spool.
        assert flushed <= found <= recorded
    assert len({block.recorder for block in stores.read_store(tmp_path)}) == 5
    spanlog("verify", tmp_path)


def test_a_process_killed_in_the_middle_of_writing_leaves_sound_blocks(tmp_path):
    flushed = Counter()
    with Writer(tmp_path) as writer:

        def record_until_killed():
            for batch in range(1_000_000):
                described = spans(batch, 50)
                writer.record(*described)
                writer.flush()
                flushed.update(span["name"] for span in described)
                if batch == 20:
                    enough.set()

        def run():
            try:
                record_until_killed()
            except (OSError, ValueError):
                enough.set()  # The pipe broke, as the process is gone.

        enough = threading.Event()
        recording = threading.Thread(target=run)
        recording.start()
        enough.wait()
        writer.kill()
        recording.join()
    blocks = stores.read_store(tmp_path)
    assert [block.sequence for block in blocks] == list(range(len(blocks)))
    assert all(block.checksum == block.actual_checksum for block in blocks)
    assert len(flushed) >= 1_000
    assert flushed <= names(tmp_path)
    spanlog("verify", tmp_path)


def test_processes_write_into_one_store_at_the_same_time(tmp_path):
    store = tmp_path / "store"
    batches, count, processes = 20, 100, 4
    together = threading.Barrier(processes)

    def run(name, writer):
        together.wait()
        for batch in range(batches):
            writer.record(*spans(f"{name}.{batch}", count))
            if batch % 5 == name:
                writer.flush()
        writer.shutdown()

    writers = [Writer(store, f"service {name}") for name in range(processes)]
    try:
        threads = [
            threading.Thread(target=run, args=(name, writer))
            for name, writer in enumerate(writers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        for writer in writers:
            writer.kill()
    expected = Counter(
        f"{name}.{batch}.{i}"
        for name in range(processes)
        for batch in range(batches)
        for i in range(count)
    )
    assert names(store) == expected
    blocks = stores.read_store(store)
    sequences = {}
    for block in blocks:
        sequences.setdefault(block.recorder, []).append(block.sequence)
    assert len(sequences) == processes
    for sequence in sequences.values():
        assert sorted(sequence) == list(range(len(sequence)))
    report = spanlog_json("merge", store, "-o", tmp_path / "merged.spanlog")
    assert report["accounting"]["spans_out"] == report["accounting"]["read"] == sum(expected.values())

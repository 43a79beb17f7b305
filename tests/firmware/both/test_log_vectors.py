"""The pages of tests/vectors/log: read, encoded back, fed byte by byte, cut short, corrupted."""

from helpers.on_board import log_vectors
from pumpwire import decoding, page
from pumpwire.errors import WireError

_STEP = 61  # of the bytes of a long page, every so many are tried: each costs a whole decoding
_FEW = 600
_SEAL_AT = page.PAGE_BYTES - page.SEAL_BYTES


def _read(data):
    """Returns (records as tuples, closed, error) of a page's bytes; without a header no records."""
    try:
        _, found, closed, error = decoding.decode_page(data)
    except WireError as wrong:
        return [], False, wrong
    return [(r.seq, r.kind, r.boot, r.uptime_ms, r.fields) for r in found], closed, error


def _each():
    for name in log_vectors.NAMES + log_vectors.SIMULATED:
        data, said = log_vectors.load(name)
        yield name, data, said


def _ends(said):
    """Returns the offset behind each frame with records, and how many records lie before it."""
    ends = []
    frames = said["frames"]
    count = 0
    for i, frame in enumerate(frames):
        count += len(frame.get("records", ()))
        if i + 1 < len(frames) and "records" in frame:
            ends.append((frames[i + 1]["at"], count))
    return ends


def _places(data, used):
    """Returns the offsets of a page to try: all of a short one's used bytes and of every footer."""
    return [at for at in range(len(data))
            if at >= page.FOOTER_AT or at < _FEW and at <= used or at <= used and at % _STEP == 0]


def _used(said):
    return said["footer"]["used"] if said["footer"] else page.FOOTER_AT


def test_pages_say_what_is_written_beside_them():
    for name, data, said in _each():
        found, closed, error = _read(data)
        assert found == log_vectors.records_of(said), name
        assert closed == said["closed"], name
        assert (error and error.what) == said["error"], name
        footer = page.read_footer(data)
        if said["footer"] is None:
            assert footer is None, name
            continue
        for key, value in said["footer"].items():
            assert getattr(footer, key) == log_vectors.unhex(value), (name, key)
        key = log_vectors.key_of(said)
        assert key is None or decoding.sealed(data, footer, key), name


def test_pages_are_encoded_back_to_the_same_bytes():
    made = 0
    for name, data, said in _each():
        back = log_vectors.encoded(said)
        if back is not None:
            assert back == data, name
            made += 1
    assert made >= 5


def test_a_page_fed_byte_by_byte_gives_each_record_with_its_last_byte():
    for name, data, said in _each():
        want = log_vectors.records_of(said)
        ends = _ends(said)
        for n in _places(data, _used(said)):
            found, closed, _ = _read(data[:n])
            due = 0
            for end, count in ends:
                if end <= n:
                    due = count
            assert found == want[: len(found)] and len(found) >= due, (name, n)
            assert not closed, (name, n)


def test_no_changed_byte_of_a_closed_page_passes():
    for name, data, said in _each():
        if said["footer"] is None:
            continue
        key = log_vectors.key_of(said)
        want = log_vectors.records_of(said)
        changed = bytearray(data)
        for at in _places(data, _used(said) - 1):
            changed[at] ^= 1 << at % 8
            found, closed, error = _read(changed)
            assert closed == (said["closed"] and at >= _SEAL_AT), (name, at)  # its sum spares the seal
            assert closed == (error is None) and found == want[: len(found)], (name, at)
            assert len(found) >= _before(said, at), (name, at)
            footer = page.read_footer(changed)
            if key and footer is not None:
                assert not decoding.sealed(changed, footer, key), (name, at)
            changed[at] = data[at]
        assert changed == data


def _before(said, at):
    """Returns how many records end at or before offset `at`."""
    before = 0
    for end, count in _ends(said):
        if end <= at:
            before = count
    return before


def test_a_changed_byte_of_an_open_page_ends_it_there():
    for name, data, said in _each():
        if said["footer"] is not None or said["header"] is None:
            continue
        want = log_vectors.records_of(said)
        changed = bytearray(data)
        for at in range(page.HEADER_BYTES, len(data)):
            changed[at] ^= 1 << at % 8
            found, _, _ = _read(changed)
            assert len(found) >= _before(said, at) and found == want[: len(found)], (name, at)
            changed[at] = data[at]


def test_another_key_and_a_seal_of_another_page_do_not_pass():
    data, said = log_vectors.load("closed_sealed")
    footer = page.read_footer(data)
    other = dict(said, device_key="ff" * 32)
    assert not decoding.sealed(data, footer, log_vectors.key_of(other))
    decayed, _ = log_vectors.load("decayed")
    footer.seal = page.read_footer(decayed).seal
    assert not decoding.sealed(data, footer, log_vectors.key_of(said))


def test_a_page_without_a_header_that_can_be_read_raises_and_says_why():
    for name, at in (("newer_version", 2), ("retired", 0)):
        data, said = log_vectors.load(name)
        try:
            decoding.decode_page(data)
            raise AssertionError(name)
        except WireError as error:
            assert (error.what, error.offset) == (said["error"], at)
    data, _ = log_vectors.load("newer_version")
    assert page.read_prefix(data) == (page.VERSION + 1, 0x5EED1234, 1000)


def test_a_minute_cannot_be_before_the_record_before_it():
    data, said = log_vectors.load("late_minute")
    found, _, error = _read(data)
    assert [kind for _, kind, _, _, _ in found] == [3, 4]
    assert error.what == "minute before the record before it"


def test_more_bytes_than_a_page_has_are_no_page():
    data, _ = log_vectors.load("closed_sealed")
    for more in (b"\0", b"\xff", data):
        try:
            decoding.decode_page(data + more)
            raise AssertionError("taken")
        except WireError as error:
            assert error.what == "page of %d bytes" % len(data + more)

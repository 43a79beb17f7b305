"""The pairing window, and the passkey that both sides compute."""

from gateway.pairing import Pairing
from pumpwire import pairing
from pumpwire.hmac import Hmac, hmac_sha256, same


class Config:
    def __init__(self, pairing_key=b"p" * 32):
        self.pairing_key = pairing_key


class Dice:
    """Random bytes that are never the same twice."""

    def __init__(self):
        self.drawn = 0

    def __call__(self, n):
        self.drawn += 1
        return bytes((self.drawn,)) * n


def _window(now_s=0):
    window = Pairing(Config(), Dice())
    window.pressed(now_s)
    return window


def test_hmac_is_that_of_rfc_4231_however_cut():
    for key, data, code in (
        (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    ):
        assert hmac_sha256(key, data) == bytes.fromhex(code)
        for cut in range(len(data)):
            assert hmac_sha256(key, data[:cut], data[cut:]) == bytes.fromhex(code)
        chunks = Hmac(key)
        for at in range(0, len(data), 5):
            chunks.update(memoryview(data)[at : at + 5])
        assert chunks.digest() == bytes.fromhex(code)


def test_codes_are_compared_whole():
    assert same(b"abcd", bytearray(b"abcd"))
    assert not same(b"abcd", b"abce") and not same(b"bbcd", b"abcd") and not same(b"abc", b"abcd")


def test_the_passkey_of_a_window_is_a_fixed_function_of_key_and_nonce():
    assert pairing.passkey(b"p" * 32, bytes(range(16))) == 316549  # by CPython's own hmac
    assert pairing.passkey(b"q" * 32, bytes(range(16))) != 316549
    for n in range(50):
        assert 0 <= pairing.passkey(b"p" * 32, bytes((n,)) * 16) < 1000000


def test_the_value_that_anybody_may_read_tells_the_host_all_it_needs_and_no_passkey():
    window = _window()
    is_open, left, nonce = pairing.read_value(window.value(0))
    assert (is_open, left) == (True, 3) and len(window.value(0)) == 18
    assert pairing.passkey(b"p" * 32, nonce) == window.passkey(0)
    assert pairing.read_value(window.value(0))[1] == 2
    assert pairing.read_value(window.value(500)) == (False, 2, bytes(16))


def test_without_a_press_there_is_no_window_and_without_a_key_a_press_opens_none():
    assert Pairing(Config(), Dice()).passkey(0) is None
    bare = Pairing(Config(None), Dice())
    bare.pressed(0)
    assert not bare.open(0) and bare.passkey(0) is None


def test_time_closes_it():
    window = _window(1000)
    assert window.open(1119) and not window.open(1120) and window.passkey(1120) is None


def test_a_host_that_paired_closes_it():
    window = _window()
    window.paired()
    assert not window.open(1) and window.passkey(1) is None


def test_three_passkeys_close_it_and_each_counts_when_it_is_asked_for():
    window = _window()
    for _ in range(3):
        assert window.passkey(1) is not None
    assert not window.open(1) and window.passkey(1) is None


def test_every_passkey_has_a_nonce_of_its_own_and_a_press_while_open_gives_time_but_no_attempts():
    window = _window()
    shown = [pairing.read_value(window.value(0))[2]]
    passkeys = [window.passkey(0)]
    window.pressed(100)
    assert window.open(219) and not window.open(220)
    for now_s in (100, 200):
        shown.append(pairing.read_value(window.value(now_s))[2])
        passkeys.append(window.passkey(now_s))
    assert not window.open(200)  # three in all
    window.pressed(201)
    shown.append(pairing.read_value(window.value(201))[2])
    passkeys.append(window.passkey(201))
    assert len(set(shown)) == 4 and len(set(passkeys)) == 4 and None not in passkeys
    assert passkeys == [pairing.passkey(b"p" * 32, nonce) for nonce in shown]


def test_a_passkey_that_was_overheard_opens_nothing():
    for heard in range(1, 3):
        window = _window()
        for _ in range(heard):
            overheard = window.passkey(1)
        window.pressed(2)  # also if the nurse presses again to go on
        assert window.passkey(3) != overheard


def test_a_closed_window_tells_whether_all_passkeys_were_tried():
    window = Pairing(Config(), Dice())
    assert pairing.read_value(window.value(0))[:2] == (False, 3)
    window.pressed(0)
    for left in (2, 1, 0):
        window.passkey(1)
        assert pairing.read_value(window.value(1))[:2] == (left > 0, left)
    window.pressed(2)
    window.passkey(3)
    window.paired()
    assert pairing.read_value(window.value(4))[:2] == (False, 3)

"""What the device key proves, and to whom."""

from pumpwire import decoding, seal
from pumpwire.errors import WireError

_KEY = b"k" * 32
_NONCE = b"n" * seal.NONCE_BYTES


def test_an_attestation_holds_for_its_key_its_nonce_and_its_words():
    said = seal.attest(_KEY, _NONCE, 0xFEDCBA98, 1000, 900, 300, 0xDEADBEEF, b"previous")
    assert len(said) == decoding.ATTESTATION_BYTES and decoding.attested(said, _KEY, _NONCE)
    fields = decoding.read_attestation(said)
    assert (fields["log_id"], fields["next_seq"], fields["used"]) == (0xFEDCBA98, 1000, 300)
    assert fields["key_id"] == seal.key_id(_KEY) != seal.key_id(b"another")
    assert not decoding.attested(said, b"another", _NONCE)
    assert not decoding.attested(said, _KEY, b"m" * seal.NONCE_BYTES)
    for at in range(len(said)):
        bad = bytearray(said)
        bad[at] ^= 1
        assert not decoding.attested(bad, _KEY, _NONCE)


def test_without_a_key_nothing_is_attested():
    said = seal.attest(None, _NONCE, 1, 2, 3, 4, 5, bytes(8))
    assert decoding.read_attestation(said)["key_id"] == 0
    assert not decoding.attested(said, _KEY, _NONCE)
    try:
        decoding.read_attestation(said[:-1])
        raise AssertionError()
    except WireError:
        pass

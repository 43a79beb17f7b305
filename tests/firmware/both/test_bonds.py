"""Bonds: eight hosts, each whole after a reboot, the oldest given up."""

from boards.radio_bonds import HOSTS, Bonds


class Nvs:
    def __init__(self):
        self.values = {}
        self.get = self.values.get
        self.set = self.values.__setitem__


def _key(n):
    return bytes((n & 1, n, 2, 3, 4, 5, 6))


def _secrets(n, text=b"key"):
    return {kind: (_key(n) + b"rest", text + bytes((kind, n))) for kind in (1, 2)}


def test_what_is_kept_is_found_by_key_and_in_order_after_a_reboot():
    nvs = Nvs()
    bonds = Bonds(nvs)
    for n in range(3):
        assert bonds.keep(_secrets(n)) == _key(n)
    for again in (bonds, Bonds(nvs)):
        assert again.count() == 3
        for n in range(3):
            assert again.known(_key(n))
            assert again.get(2, 0, _key(n)) == b"key" + bytes((2, n))
            assert again.get(1, n, None) == b"key" + bytes((1, n))
        assert again.get(1, 3, None) is None and again.get(1, 0, _key(9)) is None
        assert again.get(3, 0, _key(0)) is None


def test_of_nine_hosts_the_one_that_paired_first_is_given_up_and_pairing_again_renews():
    nvs = Nvs()
    bonds = Bonds(nvs)
    for n in range(HOSTS):
        bonds.keep(_secrets(n))
    bonds.keep(_secrets(0, b"new"))
    assert bonds.count() == HOSTS
    bonds.keep(_secrets(HOSTS))
    for again in (bonds, Bonds(nvs)):
        assert again.count() == HOSTS and not again.known(_key(1))
        assert again.get(1, 0, _key(0)) == b"new" + bytes((1, 0)) and again.known(_key(HOSTS))


def test_one_half_of_a_bond_joins_the_other():
    bonds = Bonds(Nvs())
    whole = _secrets(5)
    bonds.keep({1: whole[1]})
    bonds.keep({2: whole[2]})
    assert bonds.count() == 1 and bonds.get(1, 0, _key(5)) and bonds.get(2, 0, _key(5))


def test_a_forgotten_host_is_gone_for_good():
    nvs = Nvs()
    bonds = Bonds(nvs)
    bonds.keep(_secrets(1))
    bonds.keep(_secrets(2))
    assert bonds.forget(_key(1)) and not bonds.forget(_key(1))
    for again in (bonds, Bonds(nvs)):
        assert not again.known(_key(1)) and again.get(1, 0, _key(1)) is None and again.known(_key(2))
    assert bonds.forget_all() and not bonds.forget_all()
    assert Bonds(nvs).count() == 0


def test_what_does_not_fit_a_setting_is_refused():
    bonds = Bonds(Nvs())
    assert bonds.fits(1, _key(1), bytes(244)) and not bonds.fits(1, _key(1), bytes(245))
    assert not bonds.fits(3, _key(1), b"x") and not bonds.fits(1, b"short", b"x")

"""Whatever the stack tells or leaves out about links, a board with a place for a host is heard.

Any link that comes up ends the advertising, also a link that comes to nothing. NimBLE tells of that as
of an end without a beginning; MicroPython gives it the address type 255.
"""

from pumpwire import uuids
from radio_peers import MOST_PEERS
from test_radio import HOST, STRANGER, _connect, _started

FAILED = (255, b"\0" * 6)


def _silent(radio):
    """The stack has ended the advertising, as it does when a link comes up."""
    radio.ble.advertised = None


def _heard(radio, now_s):
    radio.service(now_s)
    return radio.ble.advertised is not None


def test_a_link_that_comes_to_nothing_leaves_the_board_heard():
    for others in range(MOST_PEERS):
        radio = _started()
        for conn in range(others):
            _connect(radio, conn, HOST)
            radio.ble.central_secures(conn)
        _silent(radio)
        radio.ble.central(2, 9, *FAILED)
        assert _heard(radio, 0)


def test_a_link_that_comes_to_nothing_while_the_stack_is_busy_leaves_the_board_heard():
    radio = _started()
    _silent(radio)
    radio.ble.refusals = 3
    radio.ble.central(2, 9, *FAILED)
    heard = [_heard(radio, 0) for _ in range(4)]
    assert not heard[0] and heard[3]


def test_advertising_that_ended_without_a_word_begins_anew_within_half_a_minute():
    radio = _started()
    for began_s in (0, 100, 100000):
        radio.news(began_s % 200 == 0)
        radio.service(began_s)
        _silent(radio)
        assert _heard(radio, began_s + 30)


def test_a_link_whose_end_found_no_room_gives_its_place_back():
    for secured in (False, True):
        for lost in range(1, MOST_PEERS + 1):
            radio = _started()
            for conn in range(MOST_PEERS):
                _connect(radio, conn, HOST)
                if secured:
                    radio.ble.central_secures(conn)
            _silent(radio)
            for _ in range(40):
                radio.ble.central(21, 0, 100)
            for conn in range(lost):
                radio.ble.central(2, conn, 0, HOST)
            for now_s in range(1, 5):
                radio.service(now_s)
            assert radio.ble.advertised is not None
            assert radio._peers.count() == len(radio._handler.peers) == MOST_PEERS - lost
            assert sorted(radio.ble.disconnected) == list(range(lost, MOST_PEERS))


def test_a_link_that_the_stack_does_not_know_gives_its_place_back():
    radio = _started()
    for conn in range(MOST_PEERS):
        _connect(radio, conn)
    _silent(radio)
    radio.ble.unknown = (0, 1, 2)
    for now_s in range(40):
        radio.service(now_s)
    assert radio.ble.advertised is not None and not radio._peers.count() and not radio._handler.peers


def test_a_stranger_whom_a_busy_stack_did_not_put_out_is_put_out_later():
    radio = _started()
    peer = _connect(radio, 7)
    radio.ble.busy = 2
    for now_s in (30, 31):
        radio.service(now_s)
        radio.ble.central_secures(7)
        assert not radio.ble.disconnected and not peer.secured
    radio.service(32)
    assert radio.ble.disconnected == [7]
    radio.service(33)
    assert radio.ble.disconnected == [7]


def test_the_end_of_a_link_that_was_found_over_changes_nothing_for_the_next_on_its_handle():
    radio = _started()
    _connect(radio, 7)
    radio.ble.unknown = (7,)
    radio.service(30)
    radio.service(31)
    assert not radio._peers.count()
    radio.ble.unknown = ()
    radio.ble.central(2, 7, 0, STRANGER)
    radio.ble.central(1, 7, 0, HOST)
    radio.ble.central_secures(7)
    radio.service(32)
    assert radio._peers.count() == 1 and radio._peers.get(7).secured


def _full(radio):
    for conn in range(MOST_PEERS):
        _connect(radio, conn, HOST)
        radio.ble.central_secures(conn)
    _silent(radio)


def test_of_secured_links_on_every_place_the_longest_silent_is_ended_after_two_minutes():
    """A computer keeps the link of a program that crashed: three of them would keep all others out."""
    radio = _started()
    _full(radio)
    handle = radio._handles[uuids.COMMAND]
    for now_s in range(1, 120):
        for conn in (0, 2):
            radio.ble.central_writes(conn, handle, b"x")
        radio.service(now_s)
        assert not radio.ble.disconnected
    radio.service(120)
    assert radio.ble.disconnected == [1]
    radio.ble.central(2, 1, 0, HOST)
    assert _heard(radio, 121) and radio._peers.count() == MOST_PEERS - 1
    for now_s in range(122, 1000):
        radio.service(now_s)
    assert radio.ble.disconnected == [1]  # while there is a place nobody has to go


def test_a_stranger_goes_before_a_silent_host():
    radio = _started()
    _full(radio)
    radio.ble.central(2, 1, 0, HOST)
    radio.service(100)
    _connect(radio, 1, STRANGER, 118)
    for now_s in range(119, 123):
        radio.service(now_s)
    assert not radio.ble.disconnected
    radio.service(123)
    assert radio.ble.disconnected == [1]

"""The whole ESP32 board while its system is short of memory: the cable goes on, and all are told."""

import sys

import bluetooth
import esp32
import machine
from gateway.headroom import Headroom
from helpers.esp32 import boots
from memory import Memory
from nvs import Nvs
from pumpwire import names, records
from pumpwire.units import RADIO_PIECE_BYTES, RADIO_RESERVE_BYTES
from world import world

SECOND_US = 1000000


def left(free, largest=None, lowest=None, psram=False):
    """Has the chip say that so much is left."""
    largest = free if largest is None else largest
    esp32.heap[:] = [(200000, free, largest, free if lowest is None else lowest)]
    if psram:
        esp32.heap.append(esp32.PSRAM)


def told():
    return [(f["when"], f["free"], f["radio"]) for f in boots.of_kind(boots.log(), records.MEMORY)]


def advertised():
    return bluetooth.BLE.only is not None and bluetooth.BLE.only.advertised is not None


def seen_each_second(seconds, look):
    """Runs the board; returns what look() said at the end of each second."""
    out = []

    def at_end():
        out.append(look())
        world.after(SECOND_US, at_end)

    world.after(SECOND_US, at_end)
    boots.run(seconds)
    return out


def test_what_is_left_is_that_of_the_internal_regions():
    esp32.heap[:] = [(8000, 3000, 2000, 1000), (200000, 40000, 30000, 20000), esp32.PSRAM]
    assert Memory(Nvs()).left() == (43000, 30000, 21000)


def test_a_board_with_plenty_tells_of_no_memory():
    boots.power_on()
    assert all(seen_each_second(70, advertised)[1:])
    assert told() == []


def test_without_the_room_for_radio_and_code_the_radio_stays_off_and_the_cable_goes_on():
    beside_code = 32768 + RADIO_RESERVE_BYTES
    for psram, needed in ((False, beside_code + 57344), (True, beside_code)):
        boots.power_on()
        left(needed, psram=psram)
        assert boots.board().radio is not None
        boots.power_on()
        left(needed - 1, psram=psram)
        lights = seen_each_second(70, lambda: world.wire(boots.LIGHT).level)
        assert bluetooth.BLE.only is None  # not even asked for
        assert told() == [(records.AT_START, needed - 1, records.RADIO_OFF)]
        assert 7 <= lights[2:].count(0) <= 9
        found = boots.log()
        assert len(boots.of_kind(found, records.MINUTE)) == 1


def test_below_the_reserve_no_link_is_taken_until_it_is_back():
    for free, largest in ((RADIO_RESERVE_BYTES - 1, 8192), (RADIO_RESERVE_BYTES, RADIO_PIECE_BYTES - 1)):
        boots.power_on()
        world.after(40 * SECOND_US, lambda free=free, largest=largest: left(free, largest, free))
        world.after(100 * SECOND_US, lambda: left(RADIO_RESERVE_BYTES, RADIO_PIECE_BYTES, 16000))
        heard = seen_each_second(165, advertised)
        assert all(heard[1:39]) and not any(heard[75:98]) and all(heard[140:])
        assert [radio for _, _, radio in told()] == [records.RADIO_HELD, records.RADIO_ON]


def test_below_the_reserve_a_press_of_the_service_button_opens_no_window_and_is_told():
    windows = []

    def press(at_s):
        world.after(at_s * SECOND_US, lambda: world.wire(boots.SERVICE).drive(0))
        world.after((at_s + 1) * SECOND_US, lambda: world.wire(boots.SERVICE).drive(1))

    boots.power_on()
    esp32.NVS("pumplog").set_blob("pairing_key", b"p" * 32)
    world.after(10 * SECOND_US, lambda: left(12000))
    press(20)
    press(25)
    world.after(40 * SECOND_US, lambda: left(70000, lowest=12000))
    press(45)
    Pairing = __import__("gateway.pairing", None, None, ("Pairing",)).Pairing
    opens = Pairing.pressed
    Pairing.pressed = lambda self, now_s: windows.append(now_s)
    try:
        boots.run(60)
    finally:
        Pairing.pressed = opens
    assert len(windows) == 1 and 40 <= windows[0] <= 45
    assert [(when, radio) for when, _, radio in told()] == [
        (records.AT_WINDOW, records.RADIO_HELD), (records.AT_WINDOW, records.RADIO_HELD),
        (records.AT_WINDOW, records.RADIO_ON)]


def test_each_new_low_is_told_once_and_no_jitter_is():
    class Kept:
        def __init__(self):
            self.kept = []
            self.values = [0] * 8

        def append(self, kind):
            self.kept.append(tuple(self.values[:5]))

    class Port:
        short = False

    log = Kept()
    Port.left = lambda self: (self.free, self.free, self.lowest)
    Port.free = Port.lowest = 100000
    headroom = Headroom(Port(), log)
    for step in range(100000, 20000, -100):
        Port.free = step
        Port.lowest = min(Port.lowest, step)
        for _ in range(2):
            assert headroom.look(records.AT_MINUTE)
        Port.free = step + 1000
        headroom.look(records.AT_MINUTE)
    lows = [values[3] for values in log.kept]
    assert lows == sorted(lows, reverse=True) and lows[0] <= 60416 and lows[-1] <= 20100 + 1024
    assert all(before - after >= 1024 for before, after in zip(lows, lows[1:]))
    assert len(lows) <= (61440 - 20000) // 1024 + 1


def test_a_firmware_that_does_not_fit_beside_the_radio_runs_without_it():
    boots.power_on()
    calls = []
    for name in [name for name in sys.modules if name.startswith("gateway")]:
        sys.modules.pop(name)

    class Unloaded:
        @property
        def Gateway(self):
            calls.append(sys.modules.pop("gateway.gateway"))
            raise MemoryError

    sys.modules["gateway.gateway"] = Unloaded()
    boots.run(20)
    assert calls and not bluetooth.BLE.only.active() and not advertised()
    assert not [name for name in sys.modules if name.startswith("radio")]
    assert [radio for _, _, radio in told()] == [records.RADIO_OFF]


def test_a_board_that_stopped_soon_after_each_of_its_last_starts_leaves_its_radio_off_for_one():
    """C code that finds no memory resets the chip past any `except`, perhaps at each link."""
    for cause in (machine.WDT_RESET, machine.HARD_RESET):
        boots.power_on()
        assert boots.board().radio is not None
        for _ in range(2):
            radios = []
            for _ in range(4):
                boots.power_on(pages=0, cause=cause)
                radios.append(boots.board().radio is not None)
            assert radios == [True, True, True, False]
    boots.power_on(pages=0, cause=machine.WDT_RESET)
    boots.run(30)
    assert advertised()


def test_a_start_that_lasted_power_and_service_begin_that_anew():
    boots.power_on()
    for _ in range(4):
        for _ in range(3):
            boots.power_on(pages=0, cause=machine.WDT_RESET)
            assert boots.board().radio is not None
        boots.power_on(pages=0)
        assert boots.board().radio is not None
    for _ in range(4):
        for _ in range(2):
            boots.power_on(pages=0, cause=machine.WDT_RESET)
            assert boots.board().radio is not None
        boots.power_on(pages=0, cause=machine.WDT_RESET)
        boots.run(70)
        assert advertised()
    machine.RTC().memory(b"PS" + bytes(46))
    for _ in range(9):
        boots.power_on(pages=0, cause=machine.HARD_RESET)
        assert boots.board().radio is not None


def test_the_log_of_a_start_without_its_radio_says_so():
    boots.power_on()
    nvs = esp32.NVS("pumplog")
    nvs.set_blob("starts", b"\x03")
    nvs.commit()
    machine.chip["cause"] = machine.WDT_RESET
    boots.run(20)
    assert bluetooth.BLE.only is None
    assert [radio for _, _, radio in told()] == [records.RADIO_OFF]


def test_settings_that_cannot_be_read_or_written_leave_the_radio_on():
    class Refuses:
        def get(self, key):
            if key == "starts":
                raise OSError(5)

        def set(self, key, data):
            raise OSError(5)

    boots.power_on()
    for _ in range(5):
        memory = Memory(Refuses())
        assert memory.radio(True) is not None and not memory.short
        memory.lasted()


def test_every_moment_and_state_has_a_word():
    assert sorted(names.MEMORY_MOMENTS) == [records.AT_START, records.AT_WINDOW, records.AT_LINK,
                                            records.AT_MINUTE]
    assert sorted(names.RADIO_STATES) == [records.RADIO_ON, records.RADIO_HELD, records.RADIO_OFF]

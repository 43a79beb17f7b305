"""The ESP32 board's ports, one by one, on the stand-in chip."""

import sys

from helpers.esp32 import boots
import esp32
import machine
from helpers.esp32.locked import allocates
from parts import Ds3231Part
from pumpwire import names
from world import world

WRAP = 1 << 30


def test_the_ports_hang_on_the_pins_of_the_map():
    boots.power_on()
    Ds3231Part()
    board = boots.board()
    import pins

    assert board.light._pin.wire is world.wire(pins.LIGHT)
    world.wire(pins.SERVICE).drive(0)
    assert board.service.pressed()
    for port, pin in ((board.handset, pins.HANDSET), (board.relief, pins.RELIEF)):
        world.wire(pin).drive(0)
        world.pass_us(20)
        assert port.closed() and port.value() == 1
    world.wire(pins.MOTOR).drive(0)
    world.pass_us(20)
    world.wire(pins.MOTOR).drive(1)
    world.pass_us(20)
    assert board.counter.value() == 1 and board.relief.value() == 1
    world.wire(pins.SUPPLY).drive(0)
    assert board.supply.failing()
    assert board.rtc.set(5) and board.rtc.read() == 5
    assert board.temperature.read() == 0
    assert board.load_cell.read() is None
    assert len(board.identity) == 6


def test_no_pin_is_used_twice_or_is_one_to_leave_alone():
    import pins

    used = [getattr(pins, name) for name in dir(pins) if isinstance(getattr(pins, name), int)]
    assert len(used) == len(set(used)) == 10
    assert not set(used) & {0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 15, 16, 17, 20, 24, 28, 29, 30, 31,
                            36, 37, 38, 39}


def times(board, n, service):
    ticks = board.ticks(service)
    return [next(ticks) for _ in range(n)]


def test_ticks_lie_on_a_100_ms_grid_and_are_served_in_between():
    boots.power_on()
    board = boots.board()
    served = []
    assert times(board, 50, lambda: served.append(1)) == list(range(0, 5000, 100))
    assert board.skipped == 0 and board.late_ms <= 1
    assert len(served) >= 49 * 8


def test_a_busy_link_is_served_at_least_every_2_ms():
    boots.power_on()
    board = boots.board()
    served = []

    def service():
        served.append(1)
        return True

    times(board, 11, service)
    assert len(served) >= 500


def test_a_stall_skips_ticks_counts_them_and_keeps_the_grid():
    boots.power_on()
    board = boots.board()
    stalls = [450000, 0]

    def service():
        if world.now_us >= 1050000 and stalls[0]:
            world.pass_us(stalls[0])
            stalls[0] = 0

    got = times(board, 20, service)
    assert got == list(range(0, 1100, 100)) + list(range(1500, 2400, 100))
    assert board.skipped == 4 - 0 and 400 <= board.late_ms < 500


def test_a_service_that_always_takes_too_long_still_lets_every_tick_through():
    boots.power_on()
    board = boots.board()
    assert times(board, 5, lambda: world.pass_us(130000)) == [0, 100, 200, 300, 500]
    assert board.skipped == 1


def test_ticks_go_on_over_the_wrap_of_the_clock_and_over_their_own():
    boots.power_on(ticks_ms=WRAP - 1000)
    board = boots.board()
    assert times(board, 30, lambda: None) == list(range(0, 3000, 100))
    boots.power_on(ticks_ms=12345)
    board = boots.board()
    day_us = 86400 * 1000000

    def service():
        world.pass_us(day_us)

    got = times(board, 20, service)
    assert [ms // 100 for ms in got] == [(day * 864000) % (WRAP) if day * 86400000 < WRAP
                                         else (day * 86400000 - WRAP) // 100 for day in range(20)]


def test_the_clock_tells_the_moment_between_ticks_and_through_a_stall_on_the_ticks_scale():
    for begins_ms in (0, 12345, WRAP - 1000):
        boots.power_on(ticks_ms=begins_ms)
        board = boots.board()
        seen = []

        def service(board=board, seen=seen):
            if len(seen) == 3:
                world.pass_us(777000)
            seen.append(board.clock_ms())

        for now_ms in board.ticks(service):
            assert now_ms <= board.clock_ms() < now_ms + 100  # late by the rest of the stall
            if now_ms >= 3000:
                break
        assert seen == sorted(seen) and seen[3] - seen[2] >= 777 and 2950 <= seen[-1] <= 3001
        world.pass_us((WRAP - 2000) * 1000)
        assert 900 <= board.clock_ms() <= 1100


def test_the_loop_itself_allocates_nothing():
    boots.power_on()
    board = boots.board()
    ticks = board.ticks(board.supply.failing)
    next(ticks)
    assert not allocates(lambda: next(ticks))


def test_flash_programs_clear_bits_and_erasing_brings_them_back():
    boots.power_on(pages=3)
    flash = boots.board().flash
    assert flash.pages == 3
    buf = bytearray(4)
    flash.program(1, 100, b"\x62\xf0\x00\xff")
    flash.program(1, 101, b"\x0f")
    flash.read(1, 100, buf)
    assert buf == b"\x62\x00\x00\xff"
    flash.read(2, 100, buf)
    assert buf == b"\xff\xff\xff\xff"
    flash.erase(1)
    flash.read(1, 100, buf)
    assert buf == b"\xff\xff\xff\xff"
    frame = b"\x00" * 40
    assert not allocates(lambda: flash.program(2, 0, frame))
    try:
        flash.erase(3)
    except OSError:
        return
    raise AssertionError("a page beyond the end was erased")


def test_a_board_without_the_log_partition_says_so():
    boots.power_on()
    del esp32.Partition.cells["log"]
    try:
        boots.board()
    except OSError as error:
        assert "log" in error.args[1]
        return
    raise AssertionError("no error")


def test_settings_are_on_flash_when_set_returns():
    boots.power_on()
    esp32.NVS.committed.clear()
    nvs = boots.board().nvs
    assert nvs.get("device_key") is None
    nvs.set("device_key", b"\x00\xff" * 16)
    assert esp32.NVS.committed["pumplog"]["device_key"] == b"\x00\xff" * 16
    assert nvs.get("device_key") == b"\x00\xff" * 16
    for key, data in (("sixteen_letters_", b""), ("long", bytes(257))):
        try:
            nvs.set(key, data)
        except ValueError:
            continue
        raise AssertionError(key)


def test_a_settings_store_that_cannot_be_read_is_not_taken_for_an_empty_one():
    boots.power_on()
    nvs = boots.board().nvs
    nvs.set("name", b"B01")
    esp32.NVS.committed["pumplog"]["name"] = bytes(300)
    try:
        nvs.get("name")
    except OSError:
        return
    finally:
        esp32.NVS.committed.clear()
    raise AssertionError("no error")


def test_what_is_retained_outlives_a_reset_but_no_loss_of_power():
    boots.power_on()
    buf = bytearray(200)
    retained = boots.board().retained
    assert not retained.load(buf)
    kept = bytes(range(200))
    assert not allocates(lambda: retained.save(kept))
    boots.power_on(pages=0, cause=machine.WDT_RESET)
    retained = boots.board().retained
    assert retained.load(buf) and buf == kept
    assert not retained.load(bytearray(199))
    boots.power_on()
    assert not boots.board().retained.load(buf)


def test_the_watchdog_resets_a_board_that_is_not_fed_for_10_s_once_it_was():
    boots.power_on()
    board = boots.board()
    world.pass_us(60000000)  # a first format: nothing feeds
    for _ in range(20):
        board.watchdog.feed()
        world.pass_us(9900000)
    try:
        world.pass_us(200000)
    except machine.ResetError as reset:
        assert str(reset) == "watchdog"
        return
    raise AssertionError("no reset")


class Loader:
    """Stands in for the loader that started the firmware."""

    def __init__(self, error=None):
        self.called = 0
        self._error = error

    def came_up(self):
        self.called += 1
        if self._error:
            raise self._error


def test_a_firmware_that_ran_for_ten_seconds_tells_its_loader_once():
    for loader in (Loader(), Loader(OSError(28))):
        boots.power_on()
        sys.modules["loader"] = loader
        try:
            watchdog = boots.board().watchdog
            for _ in range(9):
                watchdog.feed()
            assert loader.called == 0
            for _ in range(30):
                watchdog.feed()
            assert loader.called == 1
        finally:
            sys.modules.pop("loader")


def test_in_service_mode_there_is_no_watchdog_and_a_failure_leaves_the_console():
    boots.power_on()
    world.wire(boots.SERVICE).drive(0)
    board = boots.board()
    world.wire(boots.SERVICE).drive(1)  # held at boot is enough
    board.watchdog.feed()
    world.pass_us(60000000)
    board.fail(ValueError("shown on the console"))


def test_a_failure_puts_the_light_out_and_starts_the_board_again():
    boots.power_on()
    board = boots.board()
    board.light.set(True)
    try:
        board.fail(ValueError("shown on the console"))
    except machine.ResetError as reset:
        assert str(reset) == "machine.reset"
        assert not board.light._pin.wire.level and world.now_us >= 5000000
        return
    raise AssertionError("no reset")


def test_reset_reasons_are_those_of_the_log():
    for cause, name in ((0, "unknown"), (machine.PWRON_RESET, "power_on"),
                        (machine.HARD_RESET, "reset"), (machine.WDT_RESET, "watchdog"),
                        (machine.DEEPSLEEP_RESET, "deep_sleep"), (machine.SOFT_RESET, "soft")):
        boots.power_on(cause=cause)
        assert names.BOOT_REASONS[boots.board().reset_reason()] == name


def test_random_bytes_are_as_many_as_asked_for_and_differ():
    boots.power_on()
    board = boots.board()
    for n in (0, 4, 32, 33, 100):
        assert len(board.random(n)) == n
    assert board.random(16) != board.random(16)

"""main.py on the whole ESP32 board: the real gateway, minutes of ticks, and what the log then holds."""

import bluetooth
from helpers.esp32 import boots
from helpers.on_board import dice
import machine
import pins
from parts import Contact, Hx711Part, Pump
from pumpwire import gatt, names, racp, receiving, records, uuids
from world import world

SECOND_US = 1000000


def bedside(period_us=50000):
    """A pump, a handset, and a load cell on the board's pins."""
    dice.seed(5)
    pump = Pump(world.wire(pins.MOTOR), period_us)
    pump.running = False  # until the board is up
    handset = Contact(world.wire(pins.HANDSET), dice.chance)
    cell = Hx711Part(world.wire(pins.CELL_DOUT), world.wire(pins.CELL_SCK))
    wobble(cell)
    return pump, handset, cell


def wobble(cell):
    """Lets the weight move by a little every second: one that never moves is a dead cell's."""
    cell.weight = 123456 + dice.bits(3)
    world.after(SECOND_US, lambda: wobble(cell))


def turn(pump, running):
    def action():
        pump.running = running

    return action


def test_five_minutes_are_logged_with_the_right_counts():
    boots.power_on(ticks_ms=(1 << 30) - 100000)  # the clock wraps on the way
    boots.calibrate()
    pump, handset, cell = bedside()
    world.after(3 * SECOND_US, turn(pump, True))
    world.after(280 * SECOND_US, turn(pump, False))
    for at_s in (20, 90, 91, 200):
        world.after(at_s * SECOND_US, lambda: handset.press(held_ms=200))
    boots.run(306)  # the fifth minute's reservoir comes a few seconds after it
    found = boots.log()
    assert [record.seq for record in found] == list(range(len(found)))
    (boot,) = boots.of_kind(found, records.BOOT)
    assert boot["boot"] == 1 and boot["reason"] == 1
    minutes = boots.of_kind(found, records.MINUTE)
    assert len(minutes) == 5
    assert sum(minute["counts"] for minute in minutes) == pump.counts == 277 * 20
    assert [minute["presses"] for minute in minutes] == [1, 2, 0, 1, 0]
    assert [minute["counts"] for minute in minutes[1:4]] == [1200, 1200, 1200]
    assert boots.of_kind(found, records.RESERVOIR)[-1]["level_ul"] > 0
    assert cell.off_times == 0
    assert world.wire(pins.LIGHT).level == 1


def test_flash_stalls_cost_ticks_that_are_told_but_no_count_and_no_press():
    boots.power_on(pages=2)
    pump, handset, _ = bedside()
    world.after(3 * SECOND_US, turn(pump, True))
    world.after(280 * SECOND_US, turn(pump, False))

    def stall():
        handset.press(held_ms=200)
        world.pass_us(400000)

    for at_s in range(10, 280, 10):
        world.after(at_s * SECOND_US, stall)
    boots.run(303)
    found = boots.log()
    minutes = boots.of_kind(found, records.MINUTE)
    assert sum(minute["counts"] for minute in minutes) == pump.counts
    assert sum(minute["presses"] for minute in minutes) == 27
    gaps = boots.of_kind(found, records.GAP)
    assert sum(gap["count"] for gap in gaps) >= 27 * 3
    assert {gap["cause"] for gap in gaps} == {records.TICKS_SKIPPED}


def test_a_stall_every_second_at_2_khz_costs_nothing_as_the_clock_wraps():
    boots.power_on(pages=2, ticks_ms=(1 << 30) - 30000)
    pump, handset, _ = bedside(period_us=500)
    world.after(3 * SECOND_US, turn(pump, True))
    world.after(55 * SECOND_US, turn(pump, False))

    def stall():
        if at[0] % 5 == 0:
            handset.press(held_ms=200)
        at[0] += 1
        world.pass_us(400000)

    at = [0]
    for at_s in range(5, 55):
        world.after(at_s * SECOND_US, stall)
    boots.run(63)
    found = boots.log()
    minutes = boots.of_kind(found, records.MINUTE)
    assert sum(minute["counts"] for minute in minutes) == pump.counts == 52 * 2000
    assert sum(minute["presses"] for minute in minutes) == 10


def _quarter_of_an_hour(attack):
    """Returns the records of 15 minutes of the whole board; attack(ble, n) is made every 2 s."""
    boots.power_on()
    boots.calibrate()
    pump, _, _ = bedside()
    world.after(3 * SECOND_US, turn(pump, True))
    n = [0]

    def again():
        n[0] += 1
        attack(bluetooth.BLE.only, n[0])
        world.after(2 * SECOND_US, again)

    world.after(5 * SECOND_US, again)
    boots.run(900)
    return [(record.kind, record.fields) for record in boots.log()], pump.counts


def test_strangers_who_come_go_write_pair_and_flood_cost_no_tick_and_leave_no_trace():
    handles = []

    def attack(ble, n):
        conn = n % 3
        if not handles:
            handles.extend(sorted(ble.values))
        ble.central(1, conn, 0, bytes((n & 255, n >> 8, 3, 4, 5, 6)))
        for handle in handles:
            ble.central_writes(conn, handle, bytes((n & 7, n & 3)) + bytes(n % 250))
            ble.central(4, conn, handle)
        if n % 2:
            ble.central(31, conn, 3, 0)
            ble.central(30, 1, bytes(7), b"bond")
            ble.central(28, conn, 1, 0, 1, 16)
        if n % 3 == 0:
            for _ in range(100):
                ble.central(21, conn, n)
        ble.central(2, conn, 0, bytes(6))

    attacked = _quarter_of_an_hour(attack)
    ble = bluetooth.BLE.only
    assert not ble.sent and not ble.passkeys
    assert attacked == _quarter_of_an_hour(lambda ble, n: None)
    assert len([kind for kind, _ in attacked[0] if kind == records.MINUTE]) >= 14


def test_a_second_boot_goes_on_in_the_same_log():
    boots.power_on()
    bedside()
    boots.run(62)
    before = boots.log()
    boots.power_on(pages=0, cause=machine.WDT_RESET)
    bedside()
    boots.run(62)
    found = boots.log()
    assert [record.seq for record in found[: len(before)]] == [record.seq for record in before]
    assert [record.seq for record in found] == list(range(len(found)))
    assert [(boot["boot"], names.BOOT_REASONS[boot["reason"]])
            for boot in boots.of_kind(found, records.BOOT)] == [(1, "power_on"), (2, "watchdog")]


def test_a_central_is_advertised_to_served_and_let_go():
    boots.power_on()
    bedside()
    answers = []

    def connect():
        ble = bluetooth.BLE.only
        advertisement, response = ble.advertised
        assert bytes(bluetooth.UUID(gatt.SERVICE)) in advertisement and b"unnamed" in response
        ble.central(1, 0, 0, b"\1\2\3\4\5\6")
        ble.central(21, 0, 247)
        ble.central_secures(0)

    def ask():
        ble = bluetooth.BLE.only
        channels = sorted(gatt.CHARACTERISTICS)
        handle = sorted(ble.values)[channels.index(uuids.RACP)]
        ble.central_writes(0, handle, receiving.count_from(0))

    def look():
        answers.extend(bluetooth.BLE.only.sent)
        bluetooth.BLE.only.advertised = None
        bluetooth.BLE.only.central(2, 0, 0, b"\1\2\3\4\5\6")

    def again():
        answers.append(bluetooth.BLE.only.advertised)

    world.after(2 * SECOND_US, connect)
    world.after(3 * SECOND_US, ask)
    world.after(4 * SECOND_US, look)
    world.after(5 * SECOND_US, again)
    boots.run(6)
    (conn, _, data), advertised = answers
    assert conn == 0 and data == racp.count_response(1)  # the BOOT record
    assert advertised is not None

"""The sheets beside the taps: controller, load cell, clock, power, panel."""

from __future__ import annotations

from skidl import POWER, Net

from .catalogue import make, test_point

_MODULE_PINS = {  # GPIO -> pin of the ESP32-WROVER-E; 16 and 17 go to its PSRAM
    4: "26", 13: "16", 14: "13", 18: "30", 19: "31", 21: "33", 22: "36", 23: "37", 25: "10", 26: "11",
    27: "12", 32: "8", 33: "9", 34: "6", 35: "7", 36: "4", 39: "5",
    0: "25", 2: "24", 5: "29", 12: "14", 15: "23",
}


def controller(signals: dict[str, dict], nets: dict[str, Net], v33: Net, gnd: Net) -> None:
    """Draws the module with the pins of pins.toml, its reset and boot buttons, the console."""
    sheet = "controller"
    enable, boot, received, sent = Net("EN"), Net("BOOT"), Net("CONSOLE_RX"), Net("CONSOLE_TX")
    joined = {f"p{_MODULE_PINS[signal['gpio']['esp32']]}": nets[name]
              for name, signal in signals.items()}
    make("esp32", "U1", sheet, p1=gnd, p2=v33, p3=enable, p15=gnd, p25=boot, p34=received, p35=sent,
         p38=gnd, p39=gnd, **joined)
    make("resistor", "R301", sheet, "10k", p1=v33, p2=enable)
    make("cap_1u", "C301", sheet, p1=enable, p2=gnd)
    make("resistor", "R302", sheet, "10k", p1=v33, p2=boot)
    make("cap_100n", "C302", sheet, p1=v33, p2=gnd)
    make("cap_100u", "C303", sheet, p1=v33, p2=gnd)
    make("button", "SW2", sheet, "boot", p1=boot, p2=gnd)
    make("button", "SW3", sheet, "reset", p1=enable, p2=gnd)
    make("console", "J6", sheet, "console", p1=gnd, p4=received, p5=sent)


def load_cell(dout: Net, sck: Net, v33: Net, gnd: Net) -> None:
    """Draws the HX711 at 10 conversions a second; the cell's supply is also its reference."""
    sheet = "load cell"
    analog, plus, minus = Net("CELL_SUPPLY"), Net("CELL_PLUS"), Net("CELL_MINUS")
    in_plus, in_minus, bandgap = Net("CELL_IN_PLUS"), Net("CELL_IN_MINUS"), Net("CELL_BANDGAP")
    make("scale_adc", "U5", sheet, p1=v33, p3=analog, p4=gnd, p5=gnd, p6=bandgap, p7=in_minus,
         p8=in_plus, p9=gnd, p10=gnd, p11=sck, p12=dout, p14=gnd, p15=gnd, p16=v33)
    make("resistor", "R401", sheet, "10R", p1=v33, p2=analog)
    make("cap_100u", "C401", sheet, p1=analog, p2=gnd)
    make("cap_100n", "C402", sheet, p1=analog, p2=gnd)
    make("cap_100n", "C403", sheet, p1=bandgap, p2=gnd)
    make("cap_100n", "C404", sheet, p1=v33, p2=gnd)
    make("resistor", "R402", sheet, "100R", p1=plus, p2=in_plus)
    make("resistor", "R403", sheet, "100R", p1=minus, p2=in_minus)
    make("cap_100n", "C405", sheet, p1=in_plus, p2=in_minus)
    make("resistor", "R404", sheet, "100k", p1=sck, p2=gnd)
    make("socket_cell", "J4", sheet, "load cell", p1=analog, p2=gnd, p3=plus, p4=minus)
    analog.drive = POWER


def clock(sda: Net, scl: Net, v33: Net, gnd: Net) -> None:
    """Draws the DS3231 with its cell."""
    sheet = "clock"
    backup = Net("V_CLOCK")
    grounds = {f"p{pin}": gnd for pin in range(5, 14)}
    make("clock", "U6", sheet, p2=v33, p14=backup, p15=sda, p16=scl, **grounds)
    make("coin_cell", "BT2", sheet, p1=backup, p2=gnd)
    make("cap_100n", "C501", sheet, p1=v33, p2=gnd)
    make("resistor", "R501", sheet, "4k7", p1=v33, p2=sda)
    make("resistor", "R502", sheet, "4k7", p1=v33, p2=scl)
    backup.drive = POWER


def power(supply: Net, v5: Net, system: Net, v33: Net, gnd: Net) -> None:
    """Draws the 5 V input and its sense, the cells for moves, the hold-up, the regulator."""
    sheet = "power"
    jack, cells, held, middle = Net("JACK"), Net("CELLS"), Net("HOLD_UP"), Net("HOLD_UP_MIDDLE")
    good = Net("SUPPLY_GOOD")
    make("jack", "J1", sheet, p1=jack, p2=gnd)
    make("fuse", "F1", sheet, p1=jack, p2=v5)
    make("surge", "D603", sheet, p1=v5, p2=gnd)
    make("schottky", "D601", sheet, p1=system, p2=v5)
    make("cells", "BT1", sheet, p1=cells, p2=gnd)
    make("schottky", "D602", sheet, p1=system, p2=cells)
    make("resistor_power", "R603", sheet, "10R", p1=system, p2=held)
    make("schottky", "D604", sheet, p1=system, p2=held)
    make("cap_hold_up", "C601", sheet, p1=held, p2=middle)
    make("cap_hold_up", "C602", sheet, p1=middle, p2=gnd)
    make("resistor", "R604", sheet, "47k", p1=held, p2=middle)
    make("resistor", "R605", sheet, "47k", p1=middle, p2=gnd)
    make("regulator", "U7", sheet, p1=system, p2=gnd, p3=v33)
    make("cap_10u", "C603", sheet, p1=system, p2=gnd)
    make("cap_100u", "C604", sheet, p1=v33, p2=gnd)
    make("resistor", "R601", sheet, "10k", p1=v5, p2=good)
    make("resistor", "R602", sheet, "15k", p1=good, p2=gnd)
    make("resistor", "R606", sheet, "1k", p1=good, p2=supply)
    make("supervisor", "U8", sheet, p1=good, p2=v5, p3=gnd)
    make("cap_100n", "C605", sheet, p1=v5, p2=gnd)
    for number, net in enumerate((gnd, v5, system, v33, supply), 1):
        test_point(f"TP{number}", sheet, net)


def panel(service: Net, light: Net, v33: Net, gnd: Net) -> Net:
    """Draws the service button, the light and the relief button's filter; returns the filtered net."""
    sheet = "panel"
    anode, contact, filtered = Net("LIGHT_ANODE"), Net("RELIEF_CONTACT"), Net("RELIEF_FILTERED")
    make("button", "SW1", sheet, "service", p1=service, p2=gnd)
    make("resistor", "R701", sheet, "10k", p1=v33, p2=service)
    make("cap_100n", "C701", sheet, p1=service, p2=gnd)
    make("resistor", "R704", sheet, "470R", p1=light, p2=anode)
    make("light", "D701", sheet, p2=anode, p1=gnd)
    make("socket_relief", "J5", sheet, "relief", p1=contact, p2=gnd)
    make("resistor", "R702", sheet, "10k", p1=v33, p2=contact)
    make("resistor", "R703", sheet, "100k", p1=contact, p2=filtered)
    make("cap_100n", "C702", sheet, p1=filtered, p2=gnd)
    return filtered

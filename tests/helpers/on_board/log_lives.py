"""What a log goes through: minutes with their reservoirs, boluses, demands, entries, reboots."""

from pumpwire import records

_BOLUS = (1100, 180300, 1050, 49721, 1, 0, 0, 1000)
_MINUTE_MS = 60000


def live(bed, minutes, services=3, reboot_every=997, entry_every=401):
    """Lets a power_cuts.Bed live so many minutes, its service coming round after each append."""
    for i in range(minutes):
        bed.wait(_MINUTE_MS)
        level = (250000 - 17 * i % 200000, 500) if i % 5 == 4 else None
        counts = 17 + (i * 7919 >> 3) % 3 + (350 if i % 70 < 3 else 0)
        bed.append(records.MINUTE, (_MINUTE_MS, counts, 1 if i % 70 == 69 else 0), None, level)
        _serve(bed, services)
        if i % 70 == 2:
            bed.append(records.BOLUS, _BOLUS)
            _serve(bed, services)
        if i % 211 == 100:
            bed.append(records.DEMAND, (900, records.DENIED, records.LOCKOUT, 1))
        if i % entry_every == entry_every // 2:
            bed.append(records.ENTRY, (), bytes((i & 255,)) * (i % 120 + 40))
            _serve(bed, services)
        if i % reboot_every == reboot_every - 1:
            bed.boot()


def _serve(bed, services):
    for _ in range(services):
        bed.log.service()

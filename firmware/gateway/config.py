"""The board's settings: who it is, its keys and calibration, and what people last entered."""

import struct

_CALIBRATION = "<IIii"
_REGIMEN = "<IIII"


class Config:
    """Settings kept in `nvs` (get(key) -> bytes or None, set(key, bytes)), read once at boot."""

    def __init__(self, nvs):
        self._nvs = nvs
        self.name = bytes(nvs.get("name") or b"unnamed").decode()
        self.device_key = nvs.get("device_key")
        self.pairing_key = nvs.get("pairing_key")
        self.check_code = struct.unpack("<I", nvs.get("check_code") or b"\0\0\0\0")[0]
        self.provisioned = self.device_key is not None
        calibration = nvs.get("calibration") or bytes(16)
        self._take_calibration(struct.unpack(_CALIBRATION, calibration))
        self.assignment = struct.unpack("<I", nvs.get("assignment") or b"\0\0\0\0")[0]
        regimen = nvs.get("regimen")
        self.regimen = struct.unpack(_REGIMEN, regimen) if regimen else None

    def _take_calibration(self, values):
        self.pl_per_count, self.uncertainty_ppm, self.cell_zero, self.cell_per_kg = values

    def provision(self, name, device_key, pairing_key, check_code, calibration):
        """Keeps who the board is; calibration: (pl_per_count, uncertainty_ppm, cell_zero,
        cell_per_kg). The device key is written last: with it the board counts as provisioned."""
        nvs = self._nvs
        nvs.set("name", name)
        nvs.set("pairing_key", pairing_key)
        nvs.set("check_code", struct.pack("<I", check_code))
        nvs.set("calibration", struct.pack(_CALIBRATION, *calibration))
        nvs.set("device_key", device_key)
        self.name = name.decode()
        self.device_key = device_key
        self.pairing_key = pairing_key
        self.check_code = check_code
        self._take_calibration(calibration)
        self.provisioned = True

    def set_regimen(self, rate_ul_h, bolus_ul, lockout_s, lockout_from_end):
        """Keeps the regimen entered last."""
        self.regimen = (rate_ul_h, bolus_ul, lockout_s, lockout_from_end)
        self._nvs.set("regimen", struct.pack(_REGIMEN, *self.regimen))

    def set_assignment(self, assignment):
        """Keeps the random id of the stay now on this board (0: none)."""
        self.assignment = assignment
        self._nvs.set("assignment", struct.pack("<I", assignment))

"""Words for the formats' numbers. For hosts and people: a board never imports it, to save its heap."""

BOOT_REASONS = {
    0: "unknown", 1: "power_on", 2: "reset", 3: "watchdog", 4: "deep_sleep", 5: "soft", 6: "brownout",
}
OUTCOMES = {1: "given", 2: "denied", 3: "unresolved"}
REASONS = {0: "none", 1: "lockout", 2: "stopped", 3: "limit", 4: "unknown"}
SOURCES = {1: "patient", 2: "clinician", 3: "prime"}
PUMP_STATES = {1: "running", 2: "stopped"}
GAPS = {1: "ticks_skipped", 2: "ring_overflow", 3: "sensor_silent"}
SIGNATURES = {
    1: "occlusion", 2: "free_flow", 3: "runaway", 4: "empty", 5: "counter_silent",
    6: "load_cell_dead", 7: "load_cell_drift", 8: "handset_stuck", 9: "regimen_mismatch",
}
SIGNATURE_STATES = {1: "began", 2: "over"}
CELLS = {1: "refused", 2: "decayed"}
SUPPLY_STATES = {1: "failing", 2: "back"}
MEMORY_MOMENTS = {1: "start", 2: "pairing", 3: "link", 4: "minute"}
RADIO_STATES = {1: "on", 2: "takes_no_link", 3: "off"}
ACCESS_OPS = {0: "pair", 2: "anchor", 3: "entry", 4: "provision", 6: "unpair"}
ACCESS_RESULTS = {
    0: "done", 1: "no_code_no_button", 6: "sent_before", 7: "wrong_key", 8: "key_not_proven",
}
# what stands in pumpwire.commands.STATUS_BODY
STATUS_FIELDS = (
    "boot", "uptime_s", "uptime_ms", "oldest_seq", "next_seq", "rate_ul_h", "rate_low_ul_h",
    "rate_high_ul_h", "reservoir_ul", "reservoir_se_ul", "signatures", "last_bolus_age_s",
    "assignment", "pl_per_count", "flags",
)  # signatures: bit 1 << n stands for SIGNATURES[n]
STATUS_CHIP_FIELDS = ("memory_free", "memory_largest", "memory_lowest", "ticks_skipped", "late_ms")
# results of commands (pumpwire.commands)
RESULTS = {
    0: "done", 1: "refused: neither the check code nor the service button", 2: "malformed",
    3: "no such command", 4: "the board could not write it", 5: "already done",
    6: "refused: sent before", 7: "refused: not under this board's key",
    8: "refused: the board was not asked to prove its key first", 9: "no bond of this link is kept",
}
# the control point (pumpwire.racp)
RACP_OPS = {
    1: "report records", 2: "delete records", 3: "abort", 4: "report number of records",
    5: "number of records response", 6: "response code",
}
RACP_OPERATORS = {
    0: "null", 1: "all records", 2: "less than or equal to", 3: "greater than or equal to",
    4: "within range of (inclusive)", 5: "first record", 6: "last record",
}
RACP_CODES = {
    1: "success", 2: "op code not supported", 3: "invalid operator", 4: "operator not supported",
    5: "invalid operand", 6: "no records found", 7: "abort unsuccessful",
    8: "procedure not completed", 9: "operand not supported", 10: "server busy",
}

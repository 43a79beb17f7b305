"""Record Access Control Point (0x2A52), as in the GATT Specification Supplement.

    report records >= 42   01 03 01 2A000000     then log packets, then 06 00 01 01
    report records 42..57  01 04 01 2A000000 39000000
    either with a tag, 5   01 03 01 2A000000 05  the tag is ours, not the supplement's (pumpwire.stream)
    how many are >= 42     04 03 01 2A000000     then 05 00 <u32>
    abort                  03 00                 then 06 00 03 01
    delete                 02 ..                 then 06 00 02 02: refused, a sync is a copy
"""

import struct


REPORT, DELETE, ABORT, COUNT, COUNT_RESPONSE, RESPONSE = 1, 2, 3, 4, 5, 6
NULL, ALL, AT_MOST, AT_LEAST, RANGE, FIRST, LAST = 0, 1, 2, 3, 4, 5, 6
BY_SEQ = 1
NO_END = 0xFFFFFFFF  # no record ever has this seq
SUCCESS, NO_SUCH_OP, BAD_OPERATOR, NO_SUCH_OPERATOR, BAD_OPERAND, NO_RECORDS = 1, 2, 3, 4, 5, 6
ABORT_FAILED, NOT_COMPLETED, NO_SUCH_OPERAND, BUSY = 7, 8, 9, 10


def response(op, code):
    """Returns the indication that answers request `op` with `code`."""
    return bytes((RESPONSE, NULL, op, code))


def count_response(count):
    """Returns the indication that answers a count."""
    return struct.pack("<BBI", COUNT_RESPONSE, NULL, count)


def read_request(data):
    """Returns of a written request (op, first seq, last seq, 0), or (op, 0, 0, refusal code)."""
    if len(data) < 2:
        return 0, 0, 0, BAD_OPERATOR
    op, operator = data[0], data[1]
    first, last, refusal = 0, NO_END, 0
    if op == ABORT:
        refusal = 0 if operator == NULL and len(data) == 2 else BAD_OPERATOR
    elif op not in (REPORT, COUNT):
        refusal = NO_SUCH_OP
    elif operator == ALL:
        refusal = 0 if len(data) == 2 else BAD_OPERAND
    elif operator == NULL or operator > LAST:
        refusal = BAD_OPERATOR
    elif operator not in (AT_LEAST, RANGE):
        refusal = NO_SUCH_OPERATOR
    elif len(data) < 3 or data[2] != BY_SEQ:
        refusal = NO_SUCH_OPERAND
    elif len(data) - (7 if operator == AT_LEAST else 11) not in ((0, 1) if op == REPORT else (0,)):
        refusal = BAD_OPERAND
    else:
        first = struct.unpack_from("<I", data, 3)[0]
        if operator == RANGE:
            last = struct.unpack_from("<I", data, 7)[0]
        if first > last:
            refusal = BAD_OPERAND
    return (op, 0, 0, refusal) if refusal else (op, first, last, 0)

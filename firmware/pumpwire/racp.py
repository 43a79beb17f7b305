"""Record Access Control Point (0x2A52), as in the GATT Specification Supplement.

    report records >= 42   01 03 01 2A000000     then log packets, then 06 00 01 01
    the same, tag 5        01 03 01 2A000000 05  the tag is ours, not the supplement's (pumpwire.stream)
    how many are >= 42     04 03 01 2A000000     then 05 00 <u32>
    abort                  03 00                 then 06 00 03 01
    delete                 02 ..                 then 06 00 02 02: refused, a sync is a copy
"""

import struct


REPORT, DELETE, ABORT, COUNT, COUNT_RESPONSE, RESPONSE = 1, 2, 3, 4, 5, 6
NULL, ALL, AT_MOST, AT_LEAST, RANGE, FIRST, LAST = 0, 1, 2, 3, 4, 5, 6
BY_SEQ = 1
SUCCESS, NO_SUCH_OP, BAD_OPERATOR, NO_SUCH_OPERATOR, BAD_OPERAND, NO_RECORDS = 1, 2, 3, 4, 5, 6
ABORT_FAILED, NOT_COMPLETED, NO_SUCH_OPERAND, BUSY = 7, 8, 9, 10


def response(op, code):
    """Returns the indication that answers request `op` with `code`."""
    return bytes((RESPONSE, NULL, op, code))


def count_response(count):
    """Returns the indication that answers a count."""
    return struct.pack("<BBI", COUNT_RESPONSE, NULL, count)


def read_request(data):
    """Returns (op, first seq wanted, 0) or (op, 0, refusal code) of a written request."""
    if len(data) < 2:
        return 0, 0, BAD_OPERATOR
    op, operator = data[0], data[1]
    if op == ABORT:
        return op, 0, 0 if operator == NULL and len(data) == 2 else BAD_OPERATOR
    if op not in (REPORT, COUNT):
        return op, 0, NO_SUCH_OP
    if operator == ALL:
        return op, 0, 0 if len(data) == 2 else BAD_OPERAND
    if operator == NULL or operator > LAST:
        return op, 0, BAD_OPERATOR
    if operator != AT_LEAST:
        return op, 0, NO_SUCH_OPERATOR
    if len(data) < 3 or data[2] != BY_SEQ:
        return op, 0, NO_SUCH_OPERAND
    if len(data) != 7 and (op != REPORT or len(data) != 8):
        return op, 0, BAD_OPERAND
    return op, struct.unpack_from("<I", data, 3)[0], 0

"""How far a page's bytes can be believed after a torn write, or when cells have decayed."""

from pumpwire import page
from pumpwire.errors import WireError
from pumpwire.records import ERASED

_MOST_RECORDS = (page.FOOTER_AT - page.HEADER_BYTES) // 5  # no record is shorter than 5 bytes


def is_blank(data):
    """Returns whether every byte is erased."""
    for byte in data:
        if byte != ERASED:
            return False
    return True


def extent(data, header):
    """Returns (number of records, offset behind the last): the footer's word, else the frames'."""
    footer = page.read_footer(data)
    if footer is not None and page.HEADER_BYTES <= footer[0] <= page.FOOTER_AT:
        return footer[1], footer[0]
    return good_frames(data, header)


def good_frames(data, header):
    """Returns (number of good frames, offset behind the last)."""
    count = 0
    used = page.HEADER_BYTES
    try:
        for at, length in page.walk(data, header):
            count += 1
            used = at + length
    except WireError:
        pass  # a torn frame: what lies before it is good
    return count, used


def torn_bytes(data, used):
    """Returns how many bytes behind offset `used` are not erased, up to the last such."""
    end = page.FOOTER_AT
    while end > used and data[end - 1] == ERASED:
        end -= 1
    return end - used


def decayed(data, good):
    """Returns whether a page whose first `good` frames are good was closed with more of them."""
    footer = page.read_footer(data)
    return footer is not None and good < footer[1] <= _MOST_RECORDS

"""docs/BLE.md is enough: a client made of it alone pulls a log, and its tables are the firmware's."""

from __future__ import annotations

import ast
import asyncio
import json
import struct
import sys
from pathlib import Path

import pytest
from bumble.att import ATT_Error
from helpers.air import document_client
from helpers.air.air_time import keep_air_time
from helpers.air.document_client import ANYBODY, CODES, READABLE, RESULTS, Client, read_map
from helpers.air.ward import Ward, on_air, run_ward
from helpers.docs import ble_doc, log_format_reader
from helpers.docs.made_blocks import made_anew
from pumplog.store import Store
from pumplog.sync.image import pull_image

BOARD = "B01"


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    return run_ward(tmp_path_factory.mktemp("generic"), patients=("P01",))


def test_the_tables_are_fresh() -> None:
    text = ble_doc.DOC.read_text()
    assert made_anew(text, ble_doc.MADE) == text, "run python tests/helpers/docs/ble_doc.py"
    assert all(domain.decode() in text for domain in ble_doc.DOMAINS)


def test_the_client_imports_nothing_of_ours() -> None:
    tree = ast.parse(Path(document_client.__file__ or "").read_text())
    modules = {(node.module or "").split(".")[0] for node in ast.walk(tree)
               if isinstance(node, ast.ImportFrom)}
    modules |= {alias.name.split(".")[0] for node in ast.walk(tree)
                if isinstance(node, ast.Import) for alias in node.names}
    assert modules - set(sys.stdlib_module_names) - {"__future__"} == {"bumble"}


def pages_of(image: bytes) -> dict[int, bytes]:
    """Returns a flash image's pages by first_seq."""
    pages = [image[at : at + 4096] for at in range(0, len(image), 4096)]
    return {struct.unpack_from("<I", page, 8)[0]: page for page in pages
            if page[:2] == b"PL" and page[8:12] != b"\xff" * 4}


def whole(parts: dict[int, bytes]) -> bytes:
    """Returns a page from its parts."""
    page = bytearray(b"\xff" * 4096)
    for offset, data in parts.items():
        page[offset : offset + len(data)] = data
    return bytes(page)


def seqs(pages: dict[int, dict[int, bytes]]) -> list[int]:
    """Returns the records of pages that were sent from their beginnings, by docs/LOG_FORMAT.md."""
    return [record[0] for first in sorted(pages) if 0 in pages[first]
            for record in log_format_reader.read_page(whole(pages[first])).records]


async def _strange(client: Client) -> None:
    """A link that is not secured reads what anybody may, and nothing else."""
    for what in READABLE:
        if what in ANYBODY:
            assert await client.read(what)
        else:
            with pytest.raises(ATT_Error):
                await client.read(what)


async def _whole_log(client: Client) -> tuple[dict[str, int], dict[int, dict[int, bytes]]]:
    status = read_map("status", await client.read("STATUS"))
    count = await client.control(client.request("report number of records", "all records"))
    n = struct.unpack("<BBI", count)[2]
    assert status["next_seq"] - status["oldest_seq"] <= n <= status["next_seq"] + 3 > 1000
    code, pages = await client.report(
        client.request("report records", "greater than or equal to", 0), lose=5)
    assert code == CODES["success"]
    assert len(seqs(pages)) >= n and seqs(pages) == list(range(len(seqs(pages))))
    return status, pages


async def _control_point(client: Client, head: int) -> None:
    """Every line of both tables, as the document has it."""
    code, part = await client.report(
        client.request("report records", "within range of (inclusive)", 0, 99))
    assert code == CODES["success"] and len(seqs(part)) in (100, 101)
    code, none = await client.report(
        client.request("report records", "greater than or equal to", head + 1000))
    assert (code, none) == (CODES["no records found"], {})
    for name, op in document_client.OPS.items():
        (said,) = [row[2] for row in document_client.tables("control point")[0] if row[1] == name]
        if said.startswith("response"):
            answer = await client.control(bytes((op, document_client.OPERATORS["all records"])))
            assert answer == bytes((6, 0, op, int(said.split()[1], 16))), name
    for number, name, operand, said in document_client.tables("control point")[1]:
        if said.startswith("response"):
            request = bytes((1, int(number, 16))) + (bytes((1, 0, 0, 0, 0)) if "u32" in operand else b"")
            answer = await client.control(request)
            assert answer == bytes((6, 0, 1, int(said.split()[1], 16))), name
    for request, why in ((b"\1\3\2\0\0\0\0", "operand not supported"), (b"\1\3\1\0", "invalid operand"),
                         (b"\1\4\1\2\0\0\0\1\0\0\0", "invalid operand"), (b"\1\7", "invalid operator")):
        assert await client.control(request) == bytes((6, 0, 1, CODES[why])), why
    everything = client.request("report records", "all records")
    await client.start(everything)
    assert await client.control(everything) == bytes((6, 0, 1, CODES["server busy"]))
    assert await client.control(client.request("abort", "null")) == bytes((6, 0, 3, CODES["success"]))


def test_an_image_from_the_bench_reads_alike_by_the_page_and_by_pumplog(
    ward: Ward, tmp_path: Path
) -> None:
    ring = log_format_reader.read_ring(ward.image("P01").read_bytes())
    read = 0
    with Store.open(ward.store(tmp_path / "nurse.db")) as store:
        pull_image(store, str(ward.image("P01")), BOARD)
        for log_id, log in ring.items():
            mine = [(seq, log_format_reader.KIND_NAMES[kind], boot, uptime_ms,
                     {name: value for name, value in fields.items() if name != "entry"})
                    for seq, kind, boot, uptime_ms, fields in log.records]
            assert mine == [(record.seq, record.kind, record.boot, record.uptime_ms,
                             {name: value for name, value in record.fields.items() if name != "entry"})
                            for record in store.records.of(log_id)]
            assert log.missing == [] == list(store.holes.of(log_id))
            assert not [page for page in log.pages if page.damaged]
            read += len(mine)
    assert read > 1000


def test_a_client_made_of_the_document_alone_pulls_the_whole_log(ward: Ward, tmp_path: Path) -> None:
    copy = ward.copy(tmp_path / "run")
    kept = json.loads((copy.folder / BOARD / "nvs.json").read_text())
    device_key, pairing_key = (bytes.fromhex(kept[name]) for name in ("device_key", "pairing_key"))
    lies = pages_of((copy.folder / BOARD / "log.flash").read_bytes())

    async def work() -> None:
        keep_air_time(air.address)
        async with Client(air.address) as client:
            assert await client.find(BOARD)  # has news: nobody has pulled yet
            assert read_map("info", await client.read("INFO"))["name"].rstrip(b"\0") == BOARD.encode()
            await _strange(client)
            await client.pair(pairing_key)
            status, pages = await _whole_log(client)
            for first_seq in sorted(lies)[:-1]:  # the last one has grown since
                assert whole(pages[first_seq]) == lies[first_seq]
                assert log_format_reader.sealed(whole(pages[first_seq]), device_key)
            await _control_point(client, status["next_seq"])
            assert await client.read("serial number") == BOARD.encode()
            for what in READABLE:
                assert await client.read(what), what
            ticks = read_map("elapsed", await client.read("current elapsed time"))
            now = read_map("status", await client.read("STATUS"))
            assert 0 <= now["uptime_s"] * 10 + now["uptime_ms"] // 100 - ticks["time"] < 50
            log_id, _ = await client.prove(device_key, 7)
            assert log_id == log_format_reader.read_page(whole(pages[0])).log_id
            result, said = await client.command("ATTEST", bytes(16))
            assert (result, len(said), said[:4]) == (0, 44, struct.pack("<I", log_id))
            assert await client.write("UNPAIR", b"\2") == RESULTS["malformed"]  # else wrong key
            assert await client.write("UNPAIR", b"\0") == RESULTS["done"]

    with on_air(copy, "--by-hand") as air:
        air.press(BOARD)
        asyncio.run(work())

"""Fuzzes every target in turn, from the kept corpus on: `make fuzz`, for FUZZ_SECONDS in all.

`fuzz_run.py --keep` takes what the last runs found on the way into tests/fuzz/corpus, as few inputs as
cover the same, and those named case_. An input that makes a target raise lies in build/fuzz/TARGET/found
afterwards: `fuzz.py TARGET FILE` runs it again.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CORPUS = HERE / "corpus"
BUILD = ROOT / "build" / "fuzz"
SHARES = {"page": 3, "frames": 3, "attestation": 1, "wire": 2, "log": 2, "store": 2, "flash": 2}
MOST_BYTES = 5000  # of an input: a page and something over it
HANG_S = 300  # libFuzzer stops an input that takes longer, and calls it a timeout


@dataclass(frozen=True)
class Figures:
    """What one fuzzer did: inputs run, edges covered at its start and end, what it found."""

    target: str
    runs: int
    began_with: int
    covered: int
    found: list[Path]
    said: str

    def __str__(self) -> str:
        return (f"{self.target}: {self.runs} runs, coverage {self.began_with} -> {self.covered},"
                f" {len(self.found)} found")


def fuzz(target: str, seconds: int, seed: int) -> Figures:
    """Fuzzes one target for so long."""
    work, found = BUILD / target / "corpus", BUILD / target / "found"
    for folder in (work, found):
        folder.mkdir(parents=True, exist_ok=True)
    for old in found.iterdir():
        old.unlink()
    done = _run(target, f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={MOST_BYTES}",
                f"-timeout={HANG_S}", "-rss_limit_mb=0", "-print_final_stats=1",
                f"-artifact_prefix={found}/", str(work), str(CORPUS / target))
    said = done.stderr
    covered = [int(n) for n in re.findall(r"\bcov: (\d+)", said)]
    runs = re.search(r"number_of_executed_units: (\d+)", said)
    inited = re.search(r"INITED cov: (\d+)", said)
    kept = sorted(found.iterdir())
    if done.returncode and not kept:
        raise RuntimeError(f"the fuzzer of {target} did not run:\n{said[-3000:]}")
    return Figures(target, int(runs[1]) if runs else 0, int(inited[1]) if inited else 0,
                   max(covered, default=0), kept, said)


def _run(target: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(HERE / "fuzz.py"), target, *options], cwd=ROOT, text=True,
                          capture_output=True, errors="replace", check=False)


def fuzz_all(seconds: int, seed: int = 1) -> list[Figures]:
    """Fuzzes every target, `seconds` in all."""
    out = []
    for target, share in SHARES.items():
        out.append(fuzz(target, max(1, seconds * share // sum(SHARES.values())), seed))
        print(out[-1], flush=True)
    return out


def keep() -> None:
    """Makes the kept corpus anew of itself and of what the last runs found on the way."""
    for target in SHARES:
        made = BUILD / target / "kept"
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        sources = [folder for folder in (CORPUS / target, BUILD / target / "corpus") if folder.is_dir()]
        done = _run(target, "-merge=1", f"-max_len={MOST_BYTES}", "-rss_limit_mb=0", str(made),
                    *map(str, sources))
        if done.returncode:
            raise RuntimeError(done.stderr[-3000:])
        for file in (CORPUS / target).glob("case_*"):
            shutil.copy(file, made / file.name)
        shutil.rmtree(CORPUS / target, ignore_errors=True)
        shutil.copytree(made, CORPUS / target)
        sizes = [file.stat().st_size for file in (CORPUS / target).iterdir()]
        print(f"{target}: {len(sizes)} inputs of {sum(sizes)} bytes")


def main() -> int:
    """Fuzzes, or keeps; returns 1 if anything was found."""
    if sys.argv[1:] == ["--keep"]:
        keep()
        return 0
    full = os.environ.get("SCALE") == "full"
    seconds = int(os.environ.get("FUZZ_SECONDS") or (900 if full else 60))
    figures = fuzz_all(seconds, int(os.environ.get("FUZZ_SEED", "1")))
    for one in figures:
        if one.found:
            print(f"{one.target} raises at what is in {one.found[0]}:\n{one.said[-3000:]}",
                  file=sys.stderr)
    return 1 if any(one.found for one in figures) else 0


if __name__ == "__main__":
    sys.exit(main())

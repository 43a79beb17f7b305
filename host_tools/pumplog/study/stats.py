"""Statistics, exact to the printed digit: Fractions in, Decimals with 50 digits where roots come in."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction

from ..extras import require

_DIGITS = 50
_RANK_DIGITS = 9  # differences are ranked as rounded to this many decimals
WILCOXON = "Wilcoxon signed-rank, exact"


@dataclass(frozen=True)
class Paired:
    """Tests on paired differences, two-sided; None where a test could not be made."""

    test: str  #: names the test used, or says why there is none
    p: float | None  #: of the test used
    p_paired_t: float | None  #: of Student's paired t
    p_wilcoxon: float | None  #: of the exact signed-rank test
    shapiro_p: float | None  #: of the differences' normality, by Shapiro and Wilk


def mean(values: list[Fraction]) -> Fraction:
    """Returns the arithmetic mean."""
    return sum(values, Fraction(0)) / len(values)


def variance(values: list[Fraction]) -> Fraction:
    """Returns the sample variance, n - 1 in the denominator."""
    middle = mean(values)
    return sum(((value - middle) ** 2 for value in values), Fraction(0)) / (len(values) - 1)


def root(value: Fraction) -> Fraction:
    """Returns the square root to 50 significant digits."""
    with localcontext(prec=_DIGITS):
        return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())


def standard_error(values: list[Fraction]) -> Fraction | None:
    """Returns sd(n-1)/sqrt(n), None for fewer than two values."""
    return _standard_error(values) if len(values) > 1 else None


def _standard_error(values: list[Fraction]) -> Fraction:
    return root(variance(values) / len(values))


def wilcoxon_p(differences: list[Fraction]) -> float | None:
    """Returns the exact two-sided P of the signed-rank test: mid-ranks, zeros dropped.

    The distribution is counted over all sign patterns, on doubled ranks, so ties stay exact.
    """
    kept = [round(d, _RANK_DIGITS) for d in differences]
    kept = [d for d in kept if d]
    if not kept:
        return None
    sizes = sorted(abs(d) for d in kept)
    doubled = {size: sizes.index(size) + 1 + len(sizes) - sizes[::-1].index(size)
               for size in set(sizes)}
    ways = {0: 1}
    for size in sizes:
        step = doubled[size]
        fresh: dict[int, int] = {}
        for total, count in ways.items():
            fresh[total] = fresh.get(total, 0) + count
            fresh[total + step] = fresh.get(total + step, 0) + count
        ways = fresh
    plus = sum(doubled[abs(d)] for d in kept if d > 0)
    lesser = min(plus, sum(doubled[abs(d)] for d in kept) - plus)
    tail = sum(count for total, count in ways.items() if total <= lesser)
    return min(1.0, float(Fraction(2 * tail, 2 ** len(kept))))


def _about_their_middle(values: list[Fraction]) -> list[float]:
    """Returns values less their mean, over their range: both exactly, before any digit is cut.

    The test looks at the shape alone. In floats, 1e8 and parts in 1e-9 are all the same.
    """
    middle, span = mean(values), max(values) - min(values)
    return [float((value - middle) / span) for value in values]


def paired(differences: list[Fraction]) -> Paired:
    """Tests differences: Shapiro-Wilk P >= 0.05 then paired t, else exact Wilcoxon.

    Differences that are all the same have no spread: neither Shapiro-Wilk nor t can be computed.
    UsageError, with how to get it, where a test needs the extra "study" and it is not installed.
    """
    if len(differences) < 3:
        return Paired("not tested (fewer than three pairs)", None, None, None, None)
    if len({round(d, _RANK_DIGITS) for d in differences}) == 1:
        p_w = wilcoxon_p(differences)
        if p_w is None:
            return Paired("not tested (no differences)", None, None, None, None)
        return Paired(WILCOXON, p_w, None, p_w, None)
    scipy_stats = require("study", "scipy.stats")  # slow to import: only where a test is made
    shapiro_p = float(scipy_stats.shapiro(_about_their_middle(differences)).pvalue)
    t = float(mean(differences) / _standard_error(differences))
    p_t = float(2 * scipy_stats.t.sf(abs(t), len(differences) - 1))
    p_w = wilcoxon_p(differences)
    if shapiro_p >= 0.05:
        return Paired("paired t", p_t, p_t, p_w, shapiro_p)
    return Paired(WILCOXON, p_w, p_t, p_w, shapiro_p)

"""How a study's figures are asked of the census: each function gives one that picks a figure out of the statistics."""

from __future__ import annotations

from collections.abc import Callable

from census.report.replicate.census import NOTHING, Census, Ours

Asked = Callable[[Census], Ours]

_TOP = 10  # countries that lead
_WEIGHTINGS = ("by_observation", "by_host", "by_host_day")
_FIRST = 3  # families of which the study says that their rank never changes


def _is(column: str, value: object) -> Callable[..., bool]:
    return lambda row: row[column] == value


def known(name: str, column: str) -> Asked:
    """How many values of a column are known."""
    return lambda census: Ours(len({row[column] for row in census.rows(name)} - {None}))


def count(name: str, column: str, value: object, **options: object) -> Asked:
    """The count of the row of a statistic that has the value in the column."""
    return lambda census: census.count(name, _is(column, value), **options)


def share(name: str, column: str, value: object, **options: object) -> Asked:
    """The share of the row of a statistic that has the value in the column."""
    return lambda census: census.share(name, _is(column, value), **options)


def share_of_told(name: str, column: str) -> Asked:
    """The share of yes in a statistic with yes, no and unknown, of those that are not unknown."""

    def ask(census: Census) -> Ours:
        counts = {row[column]: row["count"] for row in census.rows(name)}
        return census.portion(counts["yes"], counts["yes"] + counts["no"])

    return ask


def observations_of(band: str) -> Asked:
    """The share of all observations that the hosts in a band of persistence have."""

    def ask(census: Census) -> Ours:
        found = census.row("persistence", _is("seen", band))
        return Ours(found["observation_share"], share=True) if found else NOTHING

    return ask


def regions(country: str, *names: str) -> Asked:
    """Hosts of some regions among those of their country; place databases write `Beijing` in several ways."""

    def ask(census: Census) -> Ours:
        inside = [row for row in census.rows("regions") if row["country"] == country]
        found = [row for row in inside if str(row["region"]).lower().startswith(names)]
        return census.portion(sum(row["count"] for row in found), sum(row["count"] for row in inside))

    return ask


def of_leading(country: str) -> Asked:
    """The share of a country among the leading ones alone."""

    def ask(census: Census) -> Ours:
        leading = [row for row in census.rows("countries") if row["country"] is not None][:_TOP]
        count = sum(row["count"] for row in leading if row["country"] == country)
        return census.portion(count, sum(row["count"] for row in leading))

    return ask


def leading_families(census: Census) -> Ours:
    """The first families by hosts."""
    ranked = sorted(census.rows("ranks", by="architecture"), key=lambda row: row["by_host"])
    return Ours(", ".join(row["architecture"] for row in ranked[:_FIRST]) or None)


def volatility(census: Census) -> Ours:
    """The most that any of the first families' ranks differs between weightings."""
    ranked = sorted(census.rows("ranks", by="architecture"), key=lambda row: row["by_host"])
    spans = [[row[by] for by in _WEIGHTINGS] for row in ranked[:_FIRST]]
    return Ours(max((max(span) - min(span) for span in spans), default=None))


def models_in(place: int) -> Asked:
    """The mean number of models in one week: 0 is the first, -1 the last."""

    def ask(census: Census) -> Ours:
        weeks = [row for row in census.rows("growth") if row["models_mean"] is not None]
        return Ours(weeks[place]["models_mean"]) if weeks else NOTHING

    return ask


def together(figure: int, column: str = "share", by: str = "architecture") -> Asked:
    """A row of the statistic of several families, by its place."""

    def ask(census: Census) -> Ours:
        row = census.rows("together", by=by)[figure]
        return Ours(row["share"], row["low"], row["high"], share=True) if column == "share" else Ours(row[column])

    return ask


def instances(value: str) -> Asked:
    """The share of the model instances of known quantization that have so many bits a weight."""

    def ask(census: Census) -> Ours:
        bits = [row for row in census.rows("model-instances") if row["dimension"] == "bits"]
        counts = {row["value"]: row["count"] for row in bits if row["value"] is not None}
        return Ours(counts.get(value, 0) / sum(counts.values()), share=True) if counts else NOTHING

    return ask


def exactly(*capabilities: str) -> Asked:
    """Hosts that list a model with just these capabilities."""
    wanted = sorted(capabilities)
    return lambda census: census.share("capability-sets", lambda row: sorted(row["capabilities"] or ()) == wanted)

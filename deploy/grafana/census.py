"""The dashboard "The census": what `census stats` counts, each panel one query of the schema `stats`."""

from __future__ import annotations

from census.store.statistics import STATISTICS
from deploy.grafana.panels import (
    POSTGRES,
    Json,
    Section,
    bars,
    dashboard,
    figure,
    lines,
    panel,
    says,
    sql,
    table,
)  # fmt: skip

_SHARE: Json = {"unit": "percentunit", "decimals": 1}
_INTERVAL = {"share": _SHARE, "low": _SHARE, "high": _SHARE}
# Quoted by Grafana; that the role may only read is what protects the database from its users.
_SCAN = "nullif(${scan:sqlstring}, 'all')::bigint"
_UNIT = "${unit:sqlstring}"
_POPULATION = "${population:sqlstring}"


def census() -> Json:
    """The page; nothing in it moves by itself while nobody scans, so it is not read anew by itself."""
    return dashboard(
        "census", "The census",
        "Who exposes which models where. Every panel has its unit, its population and its definition behind the i.",
        [_figures(), _time(), _places(), _families(), _models(), _servers(), _decoys()],
        variables=[_scan(), _words("unit", "Unit", ("host", "endpoint", "host-day", "observation")),
                   _words("population", "Population", ("credible", "raw"))],
        refresh="", since="now-1y",
    )  # fmt: skip


def _scan() -> Json:
    query = """
        select 'all scans' as __text, 'all' as __value, null as number
        union all
        select concat_ws(' ', id, name, to_char(began, 'YYYY-MM-DD')), id::text, id from public.scan
        order by number desc nulls first
    """
    return {
        "type": "query", "name": "scan", "label": "Scan", "datasource": POSTGRES, "query": sql(query)["rawSql"],
        "definition": "The scans, the latest first", "refresh": 1, "sort": 0, "multi": False, "includeAll": False,
        "current": {"text": "all scans", "value": "all"},
    }  # fmt: skip


def _words(name: str, label: str, words: tuple[str, ...]) -> Json:
    """A choice among words that the statistics know; the first is chosen."""
    return {
        "type": "custom", "name": name, "label": label, "query": ",".join(words), "multi": False, "includeAll": False,
        "options": [{"text": word, "value": word, "selected": word == words[0]} for word in words],
        "current": {"text": words[0], "value": words[0]},
    }  # fmt: skip


def _asked(name: str, *more: str, population: str = _POPULATION) -> str:
    """A statistic as the choices above the page ask for it."""
    options = (f"scan => {_SCAN}", f"unit => {_UNIT}", f"population => {population}", *more)
    return f"stats.{STATISTICS[name].function}({', '.join(options)})"


def _means(name: str, what: str) -> str:
    """What a panel says, and the definition that the database carries for its statistic."""
    statistic = STATISTICS[name]
    unit = "$unit (hosts or endpoints, whatever else is chosen)" if statistic.carriers else "$unit"
    caution = f" Caution: {statistic.caution}." if statistic.caution else ""
    told = f"{what}\n\nDefinition: {statistic.definition}{caution}"
    return says(told, unit=unit, population="$population, of the scan chosen")


def _figures() -> Section:
    recognised = figure(
        "Recognised", _means("countries", "All that were inference servers (served, locked, empty)."),
        sql(f"select coalesce(max(of), 0) as units from {_asked('countries')}"),
    )  # fmt: skip
    serving = figure(
        "With a model", _means("tool-calling", "Those whose list had a model: most shares below are of these."),
        sql(f"select coalesce(max(of), 0) as units from {_asked('tool-calling')}"),
    )  # fmt: skip
    tools = figure(
        "Advertise tool calling", _means("tool-calling", "The share that surely does."),
        sql(f"select share from {_asked('tool-calling')} where advertised = 'yes'"), unit="percentunit",
    )  # fmt: skip
    decoys = figure(
        "Decoys", _means("decoys", "The share that surely only pretends."),
        sql(f"select share from {_asked('decoys')} where verdict = 'decoy' and signal is null"), unit="percentunit",
    )  # fmt: skip
    funnel = bars(
        "From targets to servers", _means("funnel", "How many targets came how far."),
        sql(f"select stage, count from {_asked('funnel')}"), rows=True,
    )  # fmt: skip
    scans = table(
        "Scans", says("The latest twenty scans of this database.", unit="target", population="all targets of a scan"),
        sql("select id, name, reference, targets, began, ended from public.scan order by id desc limit 20"),
    )  # fmt: skip
    return Section("Figures", [(4, [recognised, serving, tools, decoys]), (8, [funnel, scans])])


def _weekly(columns: str, name: str) -> Json:
    """Weeks as points in time: those in the time that the page shows, out of all."""
    return sql(
        f"""
        select week::timestamp at time zone 'UTC' as time, {columns}
        from {_asked(name)}
        where $__timeFilter(week::timestamp at time zone 'UTC')
        order by time
        """,
        form="time_series",
    )


def _time() -> Section:
    growth = lines(
        "Growth", _means("growth", "Seen in each week, new, and gone since the week before."),
        _weekly("count as seen, new, gone", "growth"),
    )  # fmt: skip
    longest = lines(
        "Models of one list", _means("growth", "How many models the longest list had, on average and in the middle."),
        _weekly("models_mean as mean, models_median as median", "growth"),
    )  # fmt: skip
    ranks = lines(
        "Ranks of families", _means("weekly-ranks", "Week by week; 1 is the family with most."),
        _weekly("family as metric, rank as value", "weekly-ranks"),
    )  # fmt: skip
    unseen = table(
        "How many there may be", _means("unseen", "With those that no scan has seen."),
        sql(f"select estimator, observed, estimate, low, high from {_asked('unseen')}"),
    )  # fmt: skip
    return Section("Over time", [(8, [growth, longest]), (10, [ranks]), (5, [unseen])])


def _places() -> Section:
    countries = _means("countries", "Where they are, by the place database of the scan.")
    layer = {
        "type": "markers", "name": "countries",
        "location": {"mode": "lookup", "lookup": "country", "gazetteer": "public/gazetteer/countries.json"},
        "config": {"showLegend": False, "style": {
            "size": {"field": "count", "fixed": 5, "min": 3, "max": 30}, "color": {"fixed": "blue"}, "opacity": 0.5,
        }},
    }  # fmt: skip
    world = panel(
        "geomap", "World", countries,
        sql(f"select country, count, share from {_asked('countries')} where country is not null"),
        fields={"share": _SHARE},
        options={"view": {"id": "zero", "zoom": 1}, "layers": [layer], "basemap": {"type": "default"}},
    )  # fmt: skip
    listed = table(
        "Countries", countries,
        sql(f"select rank, country, count, of, share, low, high from {_asked('countries')}"), fields=_INTERVAL,
    )  # fmt: skip
    networks = table(
        "Networks", _means("networks", "The fifty autonomous systems with most."),
        sql(f"select asn, organization, count, of, share, low, high from {_asked('networks')} limit 50"),
        fields=_INTERVAL,
    )  # fmt: skip
    return Section("Places", [(12, [world, listed]), (9, [networks])])


def _families() -> Section:
    families = table(
        "Families", _means("families", "Whose models they list."),
        sql(f"select rank, family, developer, origin, count, of, share, low, high from {_asked('families')}"),
        fields=_INTERVAL,
    )  # fmt: skip
    pairs = table(
        "Families together", _means("co-deployment", "The fifty pairs that are found most often."),
        sql("select a, b, count, of, share, low, high, jaccard, lift, lift_low, lift_high"
            f" from {_asked('co-deployment')} order by count desc, a, b limit 50"),
        fields=_INTERVAL,
    )  # fmt: skip
    return Section("Families", [(12, [families, pairs])])


def _models() -> Section:
    tools = bars(
        "Tool calling", _means("tool-calling", "Whether they advertise it; never tried."),
        sql(f"select advertised, count from {_asked('tool-calling')}"), rows=True,
    )  # fmt: skip
    quantization = bars(
        "Quantization",
        _means("quantization", "As servers name it."),
        sql(f"select coalesce(quantization, 'unknown') as quantization, count from {_asked('quantization')} limit 15"),
        rows=True,
    )
    sizes = bars(
        "Sizes", _means("parameter-sizes", "In parameters."),
        sql(f"select band, count from {_asked('parameter-sizes')}"), rows=True,
    )  # fmt: skip
    models = table(
        "Models", _means("models", "The fifty that are listed most often."),
        sql(f"select rank, model, count, of, share, low, high from {_asked('models')} limit 50"), fields=_INTERVAL,
    )  # fmt: skip
    return Section("Models", [(9, [tools, quantization, sizes]), (9, [models])])


def _servers() -> Section:
    software = table(
        "Software", _means("software", "Which server software they run."),
        sql(f"select software, count, of, share, low, high from {_asked('software')}"), fields=_INTERVAL,
    )  # fmt: skip
    versions = table(
        "Versions", _means("software", "The fifty versions that are found most often."),
        sql(f"select software, version, count, of, share from {_asked('software', 'versions => true')} limit 50"),
        fields={"share": _SHARE},
    )  # fmt: skip
    exposure = table(
        "Published weaknesses", _means("exposure", "Who has a version that an advisory names."),
        sql(f"select software, advisory, affected, count, of, share, low, high from {_asked('exposure')}"),
        fields=_INTERVAL,
    )  # fmt: skip
    return Section("Servers", [(9, [software, versions]), (10, [exposure])])


def _decoys() -> Section:
    verdicts = table(
        "Verdicts and signals", _means("decoys", "Without a signal all of a verdict, else those with that signal."),
        sql(f"select verdict, signal, count, of, share, low, high from {_asked('decoys')}"), fields=_INTERVAL,
    )  # fmt: skip
    compared = sql(
        f"""
        select r.family, r.count as raw, coalesce(c.count, 0) as credible, r.share as raw_share,
            c.share as credible_share
        from {_asked("families", population="'raw'")} r
        left join {_asked("families", population="'credible'")} c on c.family is not distinct from r.family
        order by r.count desc, r.family
        limit 50
        """
    )
    both = table(
        "Families, raw and credible",
        says("What decoys would make of the order of families: both populations beside each other, the choice above"
             " changes nothing.", unit="$unit", population="raw, and credible, of the scan chosen"),
        compared, fields={"raw_share": _SHARE, "credible_share": _SHARE},
    )  # fmt: skip
    return Section("Decoys", [(10, [verdicts, both])])

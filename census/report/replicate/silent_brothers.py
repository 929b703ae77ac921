"""Silent Brothers (SentinelLABS and Censys, 29 January 2026): its figures, and how each is computed here.

What the study does not define is decided here and said in `definition`. Its families are what Ollama reports as
`details.family`, hence architectures; where the makers of models are meant, that is a figure of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from census.report.replicate import asking
from census.report.replicate.census import Census

TITLE = "Silent Brothers: Ollama Hosts Form Anonymous AI Network (SentinelLABS and Censys, 29 January 2026)"

_OLLAMA = "Ollama"
_NO_TIERS = (
    "the study does not say how networks were put into tiers or types, and no place database that may be used freely"
    " tells either; `census stats networks` has the networks themselves"
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: `theirs` as published, `ask` gives ours; without, `reason` says why it is not comparable."""

    number: str
    figure: str
    theirs: str
    definition: str
    ask: asking.Asked | None = None
    reason: str = ""


FIGURES: tuple[Figure, ...] = (
    Figure(
        "1a",
        "observations",
        "7,230,000",
        "observations in which Ollama was recognised",
        asking.count("software", "software", _OLLAMA, unit="observation"),
    ),
    Figure(
        "1b",
        "hosts",
        "175,108",
        "addresses on which Ollama was recognised; a union over the time, no size on a day",
        asking.count("software", "software", _OLLAMA),
    ),
    Figure(
        "1c",
        "countries",
        "130",
        "countries of all recognised hosts, unknown not counted",
        asking.known("countries", "country"),
    ),
    Figure(
        "1d",
        "autonomous systems",
        "4,032",
        "autonomous systems of all recognised hosts, unknown not counted",
        asking.known("networks", "asn"),
    ),
    Figure("1e", "days", "293", "days (UTC) from the first to the last observation", Census.days),
    Figure(
        "2a",
        "hosts in more than 100 observations",
        "13 %",
        "of the hosts with a model",
        asking.share("persistence", "seen", ">100"),
    ),
    Figure(
        "2b",
        "their share of the observations",
        "76 %",
        "of all observations with a model",
        asking.observations_of(">100"),
    ),
    Figure("3a", "hosts seen once", "36 %", "of the hosts with a model", asking.share("persistence", "seen", "1")),
    Figure(
        "3b",
        "their share of the observations",
        "under 1 %",
        "of all observations with a model",
        asking.observations_of("1"),
    ),
    Figure("4", "hosts in fixed-access telecom networks", "56 %", "type of the autonomous system", reason=_NO_TIERS),
    Figure(
        "5",
        "hosts by hyperscaler; by telecom or residential network",
        "32 %; 32 %",
        "tier of the network",
        reason=_NO_TIERS,
    ),
    Figure(
        "6", "labels that are null: tier; type of network", "16 %; 19 %", "labels of the study's own", reason=_NO_TIERS
    ),
    Figure(
        "7",
        "running share",
        "not published",
        "hosts with a model loaded in some observation, of those with a model that told what was loaded",
        asking.share_of_told("running", "running"),
    ),
    Figure(
        "8a",
        "Virginia, of the hosts in the US",
        "18 %",
        "by the place database of the scan",
        asking.regions("US", "virginia"),
    ),
    Figure(
        "8b",
        "Beijing, of the hosts in China",
        "30 %",
        "by the place database of the scan",
        asking.regions("CN", "beijing"),
    ),
    Figure(
        "8c",
        "Shanghai and Guangdong, of the hosts in China",
        "21 %",
        "by the place database of the scan",
        asking.regions("CN", "shanghai", "guangdong"),
    ),
    Figure(
        "9a",
        "China, of the ten leading countries",
        "about 30 % (press)",
        "share of the hosts in these ten alone",
        asking.of_leading("CN"),
    ),
    Figure(
        "9b",
        "US, of the ten leading countries",
        "over 20 % (press)",
        "share of the hosts in these ten alone",
        asking.of_leading("US"),
    ),
    Figure(
        "10a",
        "first three families",
        "llama, qwen2, gemma2",
        "architectures as servers report them, by hosts",
        asking.leading_families,
    ),
    Figure(
        "10b",
        "rank volatility of the first three",
        "0",
        "highest minus lowest rank when observations, hosts or host-days are counted; not over time",
        asking.volatility,
    ),
    Figure(
        "11a",
        "models of a host, at first",
        "3",
        "mean in the first week, over the hosts with a model",
        asking.models_in(0),
    ),
    Figure(
        "11b",
        "models of a host, in the end",
        "4",
        "mean in the last week, over the hosts with a model",
        asking.models_in(-1),
    ),
    Figure(
        "12a",
        "hosts with two or three models",
        "41 %",
        "distinct names in the whole time, of the readable lists",
        asking.share("inventory", "models", "2-3"),
    ),
    Figure(
        "12b",
        "hosts with twenty models or more",
        "1.46 %",
        "distinct names in the whole time, of the readable lists",
        asking.share("inventory", "models", ">=20"),
    ),
    Figure(
        "13a",
        "hosts with llama and qwen2",
        "40,694",
        "both architectures in the whole time, at once or not",
        asking.together(2, "count"),
    ),
    Figure(
        "13b",
        "llama and qwen2, of the hosts with several families",
        "52 %",
        "the pair, of the hosts with two architectures or more",
        asking.together(2),
    ),
    Figure(
        "13c",
        "lift of that pair",
        "not published",
        "how many times as often as if the two had nothing to do with each other; 1 is chance",
        asking.together(2, "lift"),
    ),
    Figure(
        "13d",
        "qwen2, of the hosts with several families",
        "not published",
        "not the pair: any host with qwen2 and another architecture",
        asking.together(3),
    ),
    Figure(
        "13e",
        "qwen2, of the hosts with several models",
        "52 % (press, by mistake for 13b)",
        "of the hosts with two models or more",
        asking.together(4),
    ),
    Figure(
        "13f",
        "Llama and Qwen by makers, of the hosts with several families",
        "not published",
        "families by lineage: a distilled DeepSeek is no Qwen here",
        asking.together(2, by="family"),
    ),
    Figure(
        "14a",
        "hosts with a model in Q4_K_M",
        "48 %",
        "of the hosts with a model",
        asking.share("quantization", "quantization", "Q4_K_M"),
    ),
    Figure(
        "14b",
        "4 bits, of the quantizations observed",
        "72 %",
        "of the model instances that tell it: each model of each host once",
        asking.instances("4"),
    ),
    Figure(
        "14c",
        "16 bits, of the quantizations observed",
        "19 %",
        "of the model instances that tell it: each model of each host once",
        asking.instances("16"),
    ),
    Figure("14d", "Q4_K_M first in every tier", "yes", "quantizations within tiers", reason=_NO_TIERS),
    Figure(
        "15",
        "hosts with a model of 8 to 14 billion parameters",
        "26 %",
        "[8, 15) billion, of the hosts with a model",
        asking.share("parameter-sizes", "band", "8-14B"),
    ),
    Figure(
        "16a",
        "hosts that advertise tool calling",
        "over 48 %",
        "any model that surely does, of the hosts with a model",
        asking.share("tool-calling", "advertised", "yes"),
    ),
    Figure(
        "16b",
        "capabilities just completion and tools",
        "38 %",
        "hosts that list a model with just this set; the study does not say whether it means models or hosts",
        asking.exactly("completion", "tools"),
    ),
    Figure(
        "16c",
        "hosts with vision",
        "22 %",
        "any model that is said to, of the hosts with a model",
        asking.share("capabilities", "capability", "vision"),
    ),
    Figure(
        "16d",
        "hosts with thinking",
        "26 %",
        "any model that is said to, of the hosts with a model",
        asking.share("capabilities", "capability", "thinking"),
    ),
    Figure(
        "17",
        "hosts with an uncensored prompt template",
        "at least 201",
        "templates out of a list",
        reason="the study's list of templates was not published, and prompts are not stored here, only their hash;"
        " `census stats uncensored` counts models whose name says so",
    ),
    Figure(
        "18",
        "hosts with tools and high availability",
        "5,000",
        "tool calling and uptime together",
        reason="the study does not say from which availability on, nor of which attempts; docs/questions.md has the"
        " query, with the threshold for you to choose",
    ),
    Figure(
        "19",
        "chat and embedding models on one host",
        "no number",
        "a model that completes and one that embeds, of the hosts with a model",
        asking.share("rag", "state", "yes"),
    ),
)

"""Every attribute that a world can have: its kind, its layer, and which latent traits it shares with others.

A *cluster* holds attributes that move together (employees, revenue and offices are all size; growing
companies raise capital). At most one attribute of a cluster is planted; the others are then *proxies*: they
predict the outcome without causing it. Attributes of the cluster `noise` are drawn independently of
everything else and carry harmless, neutral names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "category", "ordered", "flag", "set", "date", "year"]
Layer = Literal["firmographic", "technographic", "behavioural", "engagement"]
LAYERS: tuple[Layer, ...] = ("firmographic", "technographic", "behavioural", "engagement")

FUNDING_STAGES = ("Bootstrapped", "Pre-Seed", "Seed", "Series A", "Series B", "Series C", "Later")
AUTOMATION = ("manual", "basic", "partial", "advanced", "full")
INDUSTRIES = (
    "Software", "Logistics", "Healthcare", "Retail", "Manufacturing", "Financial services",
    "Education", "Energy", "Media", "Construction", "Hospitality", "Government",
)  # fmt: skip
COUNTRIES = (
    "United States", "Germany", "United Kingdom", "France", "Canada", "Netherlands", "Spain", "Poland",
    "Japan", "Australia",
)  # fmt: skip
OWNERSHIP = ("private", "family", "investor-owned", "public", "cooperative")
BUSINESS_MODELS = ("B2B", "B2C", "marketplace", "public sector", "mixed")
LEAD_SOURCES = ("Inbound", "Outbound", "Referral", "Event", "Partner", "Directory")

# Invented tools. The first of a category (other than the exclusive ones) is common enough to be planted.
TOOLS: dict[str, tuple[str, ...]] = {
    "crm": ("Velqor", "Ostrelbase", "Nimbrix", "Cardovane", "Hulmerly"),
    "marketing": ("Plexomail", "Drumbrella", "Quillvane", "Sendorix"),
    "enrichment": ("Factolith", "Datumbra", "Leadorium", "Verigloss"),
    "dialer": ("Ringolux", "Callandric", "Vocaprime"),
    "analytics": ("Chartorel", "Metrivox", "Statlume", "Gaugefolk"),
    "commerce": ("Cartellux", "Shopwright", "Basketorn"),
    "support": ("Helpforge", "Ticketry One", "Carelume"),
    "cloud": ("Nebulant", "Stratohost", "Cirrovane"),
    "office": ("Papyrix",),
}
EXCLUSIVE = ("crm", "cloud")
TOOL_NAMES: tuple[str, ...] = tuple(tool for tools in TOOLS.values() for tool in tools)
TOOL_CATEGORIES: tuple[str, ...] = tuple(category for category, tools in TOOLS.items() for _ in tools)
NONE_KNOWN = "none known"


@dataclass(frozen=True)
class Attribute:
    """One attribute as it is declared: `cluster` names the trait it shares; `levels` are lowest first if
    ordered.
    """

    name: str
    kind: Kind
    layer: Layer
    cluster: str
    levels: tuple[str, ...] = ()

    @property
    def is_noise(self) -> bool:
        """Whether it is drawn independently of everything else."""
        return self.cluster == "noise"


def _letters(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{number:0{len(str(count))}d}" for number in range(1, count + 1))


CORE: tuple[Attribute, ...] = (
    Attribute("employees", "number", "firmographic", "size"),
    Attribute("revenue", "number", "firmographic", "size"),
    Attribute("offices", "number", "firmographic", "size"),
    Attribute("headcount_growth", "number", "firmographic", "capital"),
    Attribute("industry", "category", "firmographic", "industry", INDUSTRIES),
    Attribute("business_model", "category", "firmographic", "industry", BUSINESS_MODELS),
    Attribute("country", "category", "firmographic", "country", COUNTRIES),
    Attribute("ownership", "category", "firmographic", "ownership", OWNERSHIP),
    Attribute("founded", "year", "firmographic", "age"),
    Attribute("funding_stage", "ordered", "firmographic", "capital", FUNDING_STAGES),
    Attribute("funding_date", "date", "firmographic", "capital"),
    Attribute("tools", "set", "technographic", "tools", TOOL_NAMES),
    Attribute("crm", "category", "technographic", "tools", (*TOOLS["crm"], NONE_KNOWN)),
    Attribute("cloud", "category", "technographic", "tools", (*TOOLS["cloud"], NONE_KNOWN)),
    Attribute("automation_level", "ordered", "technographic", "automation", AUTOMATION),
    Attribute("legacy_stack", "flag", "technographic", "automation"),
    Attribute("sells_online", "flag", "technographic", "online"),
    Attribute("hiring_90d", "number", "behavioural", "hiring"),
    Attribute("research_score", "number", "behavioural", "research"),
    Attribute("new_executive_date", "date", "behavioural", "executive"),
    Attribute("content_visits_90d", "number", "engagement", "visits"),
    Attribute("prior_contact", "flag", "engagement", "contact"),
    Attribute("event_attended", "flag", "engagement", "event"),
    Attribute("lead_source", "category", "engagement", "source", LEAD_SOURCES),
)

NOISE: tuple[Attribute, ...] = (
    Attribute("territory_code", "category", "firmographic", "noise", _letters("T", 200)),
    Attribute("region_code", "category", "firmographic", "noise", _letters("R", 12)),
    Attribute("segment_7", "category", "firmographic", "noise", _letters("S", 7)),
    Attribute("class_v", "category", "technographic", "noise", ("alpha", "beta", "gamma", "delta")),
    Attribute("tag_h", "category", "engagement", "noise", _letters("H", 25)),
    Attribute("index_b", "number", "firmographic", "noise"),
    Attribute("ratio_k", "number", "technographic", "noise"),
    Attribute("score_m", "number", "behavioural", "noise"),
    Attribute("units_r", "number", "engagement", "noise"),
    Attribute("measure_w", "number", "behavioural", "noise"),
    Attribute("band_q", "ordered", "firmographic", "noise", ("q1", "q2", "q3", "q4", "q5")),
    Attribute("rank_j", "ordered", "engagement", "noise", ("low", "middle", "high")),
    Attribute("step_c", "ordered", "technographic", "noise", _letters("step ", 6)),
    Attribute("flag_n", "flag", "firmographic", "noise"),
    Attribute("option_d", "flag", "technographic", "noise"),
    Attribute("marker_s", "flag", "behavioural", "noise"),
    Attribute("switch_u", "flag", "engagement", "noise"),
    Attribute("labels_g", "set", "technographic", "noise", _letters("g", 12)),
    Attribute("topics_e", "set", "behavioural", "noise", _letters("topic ", 8)),
    Attribute("batch_date", "date", "firmographic", "noise"),
    Attribute("record_date", "date", "behavioural", "noise"),
    Attribute("listed_on", "date", "engagement", "noise"),
    Attribute("ref_year", "year", "firmographic", "noise"),
    Attribute("serial_y", "number", "technographic", "noise"),
)

ATTRIBUTES: dict[str, Attribute] = {attribute.name: attribute for attribute in (*CORE, *NOISE)}

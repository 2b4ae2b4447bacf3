"""Which measure answers which question."""

import re
import textwrap

import pandas as pd

from lib.errors import BookError

# Measure, question, level, what it adds up to, related words, caveat: a line each.
_MEASURES = """
value_added_exports
Who finally pays for the value added that a country makes?
pairs of countries
value-added exports of the exporter
absorption, bilateral balance, jobs or emissions for foreigners
Not defined for one shipment: value may reach the absorber through third countries.

value_added_flows
Which industry's value added sits in which final product?
pairs of country-sectors
final demand
forward and backward linkages, origin of value in a product
Final products only; exports of intermediates are not a column.

value_added_in_exports
Whose value added sits in the exports of an industry or a country?
pairs of country-sectors or countries
gross exports
content of exports, origin, source, Leontief, VS VS1
Gross content: value that crosses the border twice counts twice.

linkage
How much of a pair's exports is part of chains that go on, come home or use foreign value?
pairs of country-sectors
between 0 and 1, as ln(1 + share)
value chain linkage, services, gravity, digital trade rules, bilateral, indirect value added
A share says nothing of size; a cell without exports has none.

first_mover_gap
How far is an exporter behind the most linked one of its market?
pairs of country-sectors
zero for the first
path dependence, entry barrier, services, heterogeneity
Made of the outcome, so a regression of linkage on it explains itself.

trade_benefit_index
Does a country sell more value added than it buys, whatever its size?
country
between -1 and 1
surplus, deficit, imbalance, gain from trade
A balance, not a welfare gain.

vax_ratio
How much of gross trade is value added?
world, country, sector or pair
1 without double counting
fragmentation, double counting, services inside goods
By sector or pair it can exceed one; only world and country ratios are shares.

vertical_specialisation
How much foreign value is in a country's exports, and its own in those of others?
country
VS and VS1 have the same world sum
import content, participation, Hummels
Gross content: foreign value that crosses twice counts twice.

hummels
How much imported input is in exports when only a national table is at hand?
sector of one country
share of exports
single country table, vertical specialisation
Returned domestic value counts as foreign.

kww
What are a country's total exports made of?
country
gross exports
nine terms, returned value added, double counting
Not valid by partner or sector; its foreign value added stops at the importer's border.

wwz
What are the exports of one sector to one partner made of?
exporter-sector-importer
gross exports, cell by cell
sixteen terms, bilateral decomposition, who absorbs
Foreign value added and foreign double counting are split at the importer's border.

five_groups
What are exports made of, in five words?
any sum of the sixteen terms
gross exports
coarse reading, DVA RDV FVA, double counting
As for the sixteen terms.

borin_mancini
Where is double counting drawn consistently, for totals that add over partners?
exporter-sector-importer
gross exports, cell by cell
source, sink, modern correction, foreign value added
Source asks where value is made, sink where it is used; choose by the question.

gvc_trade
Which part of exports crosses more than one border?
exporter-sector-importer
gross exports, cell by cell
participation in trade, backward and forward share
Shares of trade, not of output.

participation
Which part of an industry's production is in global value chains?
country-sector
value added or final products
simple and complex, share of GDP, participation in production
Forward and backward indices have different bases.

factor_content
How many jobs or emissions are in exports?
exporter-sector-importer
factor embodied in gross exports
employment, carbon, labour, pollution
Counts factors again when inputs cross twice; for who pays, value_added_exports with factor.

upstreamness
How far is an industry from final use?
country-sector
world mean is output over value added
distance to final demand, position, stages ahead
Depends on aggregation; correct for inventories where they are large.

downstreamness
How many stages are embodied in an industry's output?
country-sector
world mean is output over value added
number of stages, length behind
Depends on aggregation.

stages
How many of the stages are at home and how many abroad?
country-sector
upstreamness and downstreamness
domestic, international, fragmentation
A chain that comes home counts as international.

average_propagation_length
How many steps lie between two industries?
pairs of country-sectors
at least one
distance between industries, shock propagation
Says nothing on how strong the link is.

value_added_propagation_length
How long is the chain from these industries to those products?
points or groups
at least one
Ni, point to group, length between groups
Upstreamness and downstreamness are its two extremes.

production_length
Do chains lengthen at home, in traditional trade or in global value chains?
country-sector, country or world
weighted parts make the total
simple, complex, is the world getting longer
Lengths of parts move with their definition, not only with technology.

border_crossings
How often does a dollar of value cross a border before it is used?
country-sector, country or world
world exports
crossings, tariffs on tariffs, fragmentation
Counts every border alike, with or without a customs post.

gvc_position
Is an industry nearer the start or the end of its global value chains?
country-sector
one in the middle
smile curve, upstream, downstream
A ratio of two lengths: both can grow while it stands still.
"""

_STOP = frozenset(
    re.findall(
        "[a-z]+",
        """a an and are at by do does each for from how in into is it its many much of on one or
        part the their them this to what when where which who whose with country countries""",
    )
)


def which_measure(question: str | None = None) -> pd.DataFrame:
    """Return which measure of this library answers which question.

    Parameters
    ----------
    question : str, optional
        A question or a few words; every measure if absent.

    Returns
    -------
    DataFrame indexed by ``measure`` (a function of :mod:`lib.gvc`)
        ``question`` it answers, the ``level`` it is valid at, what it ``adds_up_to``, related
        ``words``, and a ``caveat``; best matches first.

    Raises
    ------
    BookError
        If no word of the question matches a measure.
    """
    rows = [record.splitlines() for record in _MEASURES.strip().split("\n\n")]
    columns = ["measure", "question", "level", "adds_up_to", "words", "caveat"]
    table = pd.DataFrame(rows, columns=columns).set_index("measure")
    if question is None:
        return table
    asked = _stems(question)
    score = [
        3 * len(asked & _stems(f"{row.Index.replace('_', ' ')} {row.question}"))
        + 2 * len(asked & _stems(row.words))
        + len(asked & _stems(f"{row.level} {row.adds_up_to} {row.caveat}"))
        for row in table.itertuples()
    ]
    table = table.assign(score=score).sort_values("score", ascending=False, kind="stable")
    found = table[table["score"] > 0].drop(columns="score")
    if found.empty:
        raise BookError(
            textwrap.shorten(f"No measure matches {question!r}", 80)
            + "; try words such as absorbed, exports, double counting, length, position or jobs."
        )
    return found


def _stems(text: str) -> set[str]:
    """Return the words of a text, crudely stemmed so that chain meets chains."""
    words = re.findall(r"[a-z]+", text.lower())
    return {re.sub(r"(ing|ed|es|s)$", "", word) for word in words if word not in _STOP}

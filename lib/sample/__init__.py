"""The sample world: a small Caliendo–Parro economy in the schema of data that are absent.

Everything is generated, deterministically, from a few embedded originals (GDP, population and trade
balances of the Penn World Table, positions of capitals) and from the parameters that
:func:`parameters` states. Nothing here is an observation of trade.
"""

from lib.sample import rule_texts
from lib.sample.agreements import (
    Agreements,
    agreement_formation,
    agreement_parameters,
    desta,
    tota,
)
from lib.sample.datasets import (
    baci_hs92,
    bilateral_panel,
    hs_bec4,
    wiod_2013,
    wiod_2016_absorption,
    wiod_2016_gravity,
)
from lib.sample.geography import geodist
from lib.sample.globalisation import (
    DEVELOPED,
    Globalisation,
    gdp,
    globalisation_parameters,
    inflation,
    kof_2018,
    kof_2023,
    pwt_90,
    pwt_1001,
    trade_benefit,
    wgi,
)
from lib.sample.oecd import eaton_kortum_2002
from lib.sample.tariffs import TariffWorld, sector_trade, tariff_world
from lib.sample.world import COUNTRIES, SECTORS, YEARS, Parameters, economy, parameters

__all__ = [
    "COUNTRIES",
    "DEVELOPED",
    "SECTORS",
    "YEARS",
    "Agreements",
    "Globalisation",
    "Parameters",
    "TariffWorld",
    "agreement_formation",
    "agreement_parameters",
    "baci_hs92",
    "bilateral_panel",
    "desta",
    "eaton_kortum_2002",
    "economy",
    "gdp",
    "geodist",
    "globalisation_parameters",
    "hs_bec4",
    "inflation",
    "kof_2018",
    "kof_2023",
    "parameters",
    "rule_texts",
    "pwt_90",
    "pwt_1001",
    "sector_trade",
    "tariff_world",
    "tota",
    "trade_benefit",
    "wgi",
    "wiod_2013",
    "wiod_2016_absorption",
    "wiod_2016_gravity",
]

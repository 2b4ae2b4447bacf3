"""What has to be known about treaties beyond what their sources say, each with its reason.

Keys are the numbers of treaties in ToTA and in DESTA.
"""

from lib.blocs import OPEN

# -- ToTA ----------------------------------------------------------------------------------------

TOTA_KIND = {
    318: "partial scope",  # the conventions of Lomé ask the Community alone for preferences
    319: "partial scope",
    320: "partial scope",
    403: "partial scope",  # China–Taiwan is a framework of which an early harvest is in force
    105: "free trade",  # the European Economic Area frees goods; the WTO lists its services only
}
"""Treaties that are of another kind than their entry says."""

TOTA_ALSO = {
    105: "AUT FIN SWE",  # in the European Economic Area in 1994, before they joined the Union
}
"""Parties on neither of the two lists."""

TOTA_END = {
    97: 2015,  # the Eurasian Economic Community ended with the Eurasian Economic Union
    204: 1996,  # ended in November 1995, two months before the Central European agreement began
    213: 1978,  # EC–Egypt went on, by an interim agreement, until the cooperation agreement
    222: 2000,  # EC–Israel went on, by a free-trade agreement of 1975 that ToTA lacks
    272: 1996,  # as 204
    230: 1986,  # EC–Portugal went on, with a protocol of 1976, until Portugal's entry
    424: 2012,  # Russia–Tajikistan gave way to the free-trade area of the CIS, as its twins did
}
"""First year without the treaty, where the source has none or one that is too early."""

TOTA_LATE = {
    (23, "CRI"): 2009,
    (23, "DOM"): 2007,
    (41, "AGO"): OPEN,  # member of SADC that does not take part in its free-trade area
    (41, "SYC"): 2015,
    (35, "CRI"): 2008,
    (35, "GTM"): 2009,
    (35, "HND"): 2009,
    (35, "NIC"): 2009,
    (49, "GTM"): 2010,
    (49, "HND"): 2008,
    (49, "NIC"): 2012,
    (105, "LIE"): 1995,
    (111, "EGY"): 1999,
    (115, "KHM"): 1999,
    (115, "LAO"): 1997,
    (115, "MMR"): 1997,
    (115, "VNM"): 1995,
    (128, "BHS"): 1983,
    (128, "HTI"): 2002,
    (128, "SUR"): 1995,
    (137, "CRI"): 1963,
    (137, "PAN"): 2013,
    (162, "AFG"): 2011,
    (207, "DNK"): 1973,  # on the Community's side of its treaty with Austria, ahead of their entry
    (207, "GBR"): 1973,
    (207, "IRL"): 1973,
    (327, "IDN"): 2012,
    (327, "KHM"): 2011,
    (327, "LAO"): 2011,
    (395, "ECU"): 2017,
    (410, "HND"): 2010,
    (410, "SLV"): 2010,
    (414, "CRI"): 2002,
    (414, "NIC"): 2002,
    (433, "CRI"): 2013,
    (433, "GTM"): 2013,
    (433, "HND"): 2013,
}
"""When parties joined a treaty that has one date for all (OPEN: never)."""

TOTA_LEFT = {
    (116, "VEN"): 2006,  # left the Andean Community
}
"""First year without a party that left, where both lists of parties still have it."""

BLOC_PARTIES = {
    "ASEAN": "BRN IDN KHM LAO MMR MYS PHL SGP THA VNM",
    "MERCOSUR": "ARG BRA PRY URY VEN",
    "GCC": "ARE BHR KWT OMN QAT SAU",
    "SACU": "BWA LSO NAM SWZ ZAF",
    "Southern African Customs Union": "BWA LSO NAM SWZ ZAF",
    "EAEU": "ARM BLR KAZ KGZ RUS",
    "Central America": "CRI GTM HND NIC SLV",
    "Northern Triangle": "GTM HND SLV",
    "Honduras": "HND SLV",
    "Serbia and Montenegro": "MNE SRB",
}
"""Blocs that sign as one side of a treaty "A - B"; between their members it changes nothing."""

# -- DESTA ---------------------------------------------------------------------------------------

DESTA_REPEATED = {
    300,  # Amsterdam
    324,  # Lisbon
    327,  # Maastricht
    335,  # Nice
    436,  # Coal and Steel
    445,  # the association of Finland with EFTA, where it counts as a member from the start
}
"""Treaties of the European Communities that repeat the free trade of the EC Treaty."""

DESTA_KIND = {
    28: "customs union",  # EU–Andorra
    104: "customs union",  # Belarus, Kazakhstan, Russia; not coded
    109: "customs union",  # Belarus–Russia
    171: "customs union",  # Caribbean Community
    177: "customs union",
    182: "customs union",  # Central African Customs and Economic Union
    186: "customs union",  # Central American Common Market
    278: "customs union",  # EC–Cyprus
    287: "customs union",  # Czech Republic–Slovakia
    293: "customs union",  # European Community
    311: "customs union",  # EC–Greece
    329: "customs union",  # EC–Malta
    341: "customs union",  # EU–San Marino
    355: "customs union",  # EU–Turkey
    360: "customs union",  # Economic and Monetary Community of Central Africa
    434: "customs union",  # Eurasian Economic Community
    604: "customs union",  # MERCOSUR
    669: "customs union",  # Southern African Customs Union
    670: "customs union",
    688: "customs union",  # West African Economic and Monetary Union
    787: "customs union",  # East African Community
    915: "free trade",  # Eurasian Economic Union–Viet Nam; not coded, nor are the next three
    961: "free trade",  # Singapore–Taiwan
    979: "free trade",  # EU–Pacific states
    1014: "free trade",  # Mexico–Peru
    1040: "customs union",  # Eurasian Economic Union; not coded
    1062: "free trade",  # EU–Eastern and Southern Africa; not coded
}
"""Customs unions, which DESTA does not tell from free-trade areas, and treaties that it has not
coded but that the WTO was notified of as free trade."""

DESTA_END = {
    2: 1999,  # African Common Market
    29: 1999,  # Arab Common Market
    169: 1994,  # NAFTA took the place of Canada–United States
    180: 1974,  # the Caribbean Community took the place of CARIFTA
    182: 1999,  # the customs union of CEMAC took the place of UDEAC's
    189: 1961,  # the Common Market took the place of the Central American Free Trade Area
    359: 1992,  # the Community ended the treaty with Yugoslavia in 1991
    366: 1993,  # the revised treaty of ECOWAS
    418: 1961,  # El Salvador–Nicaragua: the Central American Common Market
    422: 1966,  # the Equatorial Customs Union became UDEAC
    460: 1967,  # Ghana–Upper Volta
    584: 1981,  # Lomé I, II, III and IV and the Cotonou Agreement follow each other
    585: 1986,
    586: 1991,
    587: 2000,
    663: 1955,  # South Africa–Southern Rhodesia
    689: 1971,  # Yaoundé II took the place of Yaoundé I, Lomé I that of Yaoundé II
    690: 1976,
    700: 1971,  # Arusha II took the place of Arusha I, Lomé I its own
    61: 1976,
    780: 1994,  # the West African Economic and Monetary Union took the place of CEAO
}
"""First year without a treaty for which DESTA has no end."""

DESTA_LEFT = {
    (26, "CHL"): 1976,  # left the Andean Group
}
"""First year without a party that left, where DESTA has no withdrawal."""

DESTA_NEVER = {
    3,  # the African Economic Community is a programme without preferences
}
"""Treaties in force that free no trade."""

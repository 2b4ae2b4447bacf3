"""Who has a trade agreement with whom: small worlds worked by hand, then the originals."""

import numpy as np
import pandas as pd
import pytest

from lib import agreements, data
from lib.errors import BookError

SIX = "BEL DEU FRA ITA LUX NLD"
OPEN = 9999


def tota(*rows):
    """Return treaties in ToTA's schema: name, original parties, years, and what differs."""
    frame = []
    for at, (name, original, first, *rest) in enumerate(rows):
        last, more = rest[0] if rest else None, rest[1] if len(rest) > 1 else {}
        row = {
            "treaty": 9001 + at, "name": name, "kind": "free trade", "services": 0,
            "in_force": f"{first}-07-01" if first else None,
            "inactive": f"{last}-05-01" if last else None,
            "parties_original": original, "parties": "" if last else original,
            "composition": "Bilateral",
        }  # fmt: skip
        frame.append(row | more)
    frame = pd.DataFrame(frame)
    for column in ("in_force", "inactive"):
        frame[column] = pd.to_datetime(frame[column])
    return frame


EC = ("EC Treaty", SIX, 1958, None, {"kind": "customs union"})


def years_with(treaties, a, b, span=range(1955, 2017), column="fta"):
    """Return the years in which a pair has an agreement, as runs like "1960-72"."""
    found = agreements.network(treaties, span)
    here = found[(found["exporter"] == a) & (found["importer"] == b) & (found[column] > 0)]
    years = here["year"].tolist()
    starts = [y for y in years if y - 1 not in years]
    ends = [y for y in years if y + 1 not in years]
    return [(s, e) for s, e in zip(starts, ends, strict=True)]


class TestTotaByHand:
    def test_a_treaty_counts_from_its_year_to_the_one_before_its_end(self):
        treaties = tota(("A - B", "AAA BBB", 1990, 2000))
        assert years_with(treaties, "AAA", "BBB") == [(1990, 1999)]
        assert years_with(treaties, "BBB", "AAA") == [(1990, 1999)]

    def test_signed_but_never_in_force(self):
        treaties = tota(("A - B", "AAA BBB", None), ("A - C", "AAA CCC", 2000))
        assert set(agreements.network(treaties, 2010)["importer"]) == {"AAA", "CCC"}

    def test_partial_scope_is_no_free_trade(self):
        treaties = tota(
            ("A - B", "AAA BBB", 1990, None, {"kind": "partial scope"}),
            ("A - C", "AAA CCC", 1990, None, {"kind": "services", "services": 1}),
        )
        found = agreements.network(treaties, 2000).set_index(["exporter", "importer"])
        flags = ["n", "fta", "customs_union", "services", "partial_scope"]
        assert found.loc[("AAA", "BBB"), flags].tolist() == [0, 0, 0, 0, 1]
        assert found.loc[("AAA", "CCC"), flags].tolist() == [0, 0, 0, 1, 0]

    def test_a_plurilateral_binds_all_with_all_and_counts_on_top(self):
        treaties = tota(("All", "AAA BBB CCC", 1990), ("A - B", "AAA BBB", 1995))
        found = agreements.network(treaties, [1994, 1996])
        n = found.set_index(["exporter", "importer", "year"])["n"]
        assert n[("AAA", "CCC", 1994)] == n[("BBB", "CCC", 1996)] == n[("AAA", "BBB", 1994)] == 1
        assert n[("AAA", "BBB", 1996)] == 2
        assert found["fta"].max() == 1

    def test_current_parties_join_original_ones(self):
        treaties = tota(("All", "AAA BBB", 1990, None, {"parties": "BBB CCC"}))
        assert years_with(treaties, "AAA", "CCC") == [(1990, 2016)]

    def test_the_union_enlarges(self):
        treaties = tota(EC)
        assert years_with(treaties, "DEU", "FRA") == [(1958, 2016)]
        assert years_with(treaties, "DEU", "GBR") == [(1973, 2016)]  # not out before 2020
        assert years_with(treaties, "GBR", "DEU", range(2015, 2023)) == [(2015, 2019)]
        assert years_with(treaties, "POL", "HRV") == [(2013, 2016)]
        union = agreements.network(treaties, range(1955, 2017)).query("exporter == 'DEU'")
        counts = union.groupby("year").size()
        assert counts[[1958, 1973, 1986, 1995, 2004, 2007, 2013]].tolist() == [
            5, 8, 11, 14, 24, 26, 27,
        ]  # fmt: skip
        assert union["customs_union"].all() and (union["n"] == 1).all()

    def test_members_count_in_the_unions_treaties_from_their_entry(self):
        """The list of today has all members, the list of the signature those of then."""
        today = f"{SIX} GBR POL TUN"
        treaties = tota(EC, ("EU - Tunisia", f"{SIX} TUN", 1998, None, {"parties": today}))
        assert years_with(treaties, "DEU", "TUN") == [(1998, 2016)]
        assert years_with(treaties, "GBR", "TUN") == [(1998, 2016)]  # a member since 1973
        assert years_with(treaties, "POL", "TUN") == [(2004, 2016)]
        # No agreement among the parties on one side, and none of a member with a future member.
        n = agreements.network(treaties, 2000).set_index(["exporter", "importer"])["n"]
        assert n[("DEU", "FRA")] == 1 and ("DEU", "POL") not in n.index

    def test_a_future_member_is_a_partner_until_it_enters(self):
        treaties = tota(
            EC,
            ("EC - Poland", f"{SIX} POL", 1992, 2004),
            ("Poland - Latvia", "POL LVA", 1999, 2004),
            ("Poland - Turkey", "POL TUR", 2000),  # the source forgets its end
        )
        assert years_with(treaties, "POL", "DEU") == [(1992, 2016)]
        assert years_with(treaties, "POL", "AUT") == [(1995, 2016)]
        assert years_with(treaties, "POL", "LVA") == [(1999, 2016)]
        assert years_with(treaties, "POL", "TUR") == [(2000, 2003)]
        n = agreements.network(treaties, [2003, 2005]).set_index(["exporter", "importer", "year"])
        assert n.loc[("POL", "DEU", 2005), "n"] == 1

    def test_several_partners_of_the_union_are_not_bound_to_each_other(self):
        treaties = tota(EC, ("EU - X and Y", f"{SIX} QQQ YYY", 2000))
        pairs = agreements.network(treaties, 2010).set_index(["exporter", "importer"]).index
        assert ("QQQ", "DEU") in pairs and ("QQQ", "YYY") not in pairs

    def test_efta_in_its_composition_of_each_year(self):
        efta = "AUT CHE DNK GBR NOR PRT SWE"
        treaties = tota(
            EC,
            ("European Free Trade Association (EFTA)", efta, 1960, None, {"parties": "CHE NOR"}),
            ("EFTA - Turkey", "CHE ISL LIE NOR TUR", 1992),
            ("EFTA - Estonia", "EST ISL LIE", 1996, 2004),
        )
        assert years_with(treaties, "GBR", "NOR") == [(1960, 1972)]
        assert years_with(treaties, "GBR", "DNK") == [(1960, 2016)]  # then in the Union
        assert years_with(treaties, "PRT", "AUT") == [(1960, 1985), (1995, 2016)]
        assert years_with(treaties, "AUT", "TUR") == [(1992, 1994)]
        assert years_with(treaties, "CHE", "EST") == [(1996, 2003)]  # though no list has it
        assert years_with(treaties, "CHE", "NOR", column="n") == [(1960, 2016)]
        n = agreements.network(treaties, 2000).set_index(["exporter", "importer"])["n"]
        assert n[("CHE", "NOR")] == 1  # the treaties with others bind nobody within

    def test_a_bloc_signs_as_one_side(self):
        treaties = tota(
            ("ASEAN - China", "CHN IDN SGP", 2005),
            ("ASEAN - Australia - New Zealand", "AUS IDN NZL SGP", 2010),
            ("Romania - Serbia and Montenegro", "MNE ROU SRB", 2004),
        )
        assert years_with(treaties, "CHN", "IDN") == [(2005, 2016)]
        assert years_with(treaties, "IDN", "SGP") == [(2010, 2016)]  # this one binds all with all
        assert years_with(treaties, "MNE", "SRB") == []
        assert years_with(treaties, "MNE", "ROU") == [(2004, 2006)]

    def test_an_accession_is_no_treaty_of_its_own(self):
        treaties = tota(
            ("Some Area (SA)", "AAA BBB", 1990, 2004),
            ("Some Area (SA) - Accession of C", "AAA BBB CCC", 1996, 2007),
            ("SA - Accession of D", "AAA BBB CCC DDD", 1999, 2007),
            ("Other - Accession of E", "AAA EEE", 2000),  # into nothing that is listed
        )
        assert years_with(treaties, "AAA", "BBB") == [(1990, 2006)]
        assert years_with(treaties, "AAA", "CCC") == [(1996, 2006)]
        assert years_with(treaties, "CCC", "DDD") == [(1999, 2006)]
        assert years_with(treaties, "AAA", "EEE") == [(2000, 2016)]
        assert agreements.network(treaties, range(1990, 2010))["n"].max() == 1

    def test_the_same_parties_replace_their_treaty(self):
        treaties = tota(
            EC,
            ("A - B", "AAA BBB", 1980),
            ("A - B again", "AAA BBB", 1990),
            ("A - B of a part", "AAA BBB", 2000, None, {"kind": "partial scope"}),
            ("EC - Israel of old", f"{SIX} ISR", 1970),
            ("EU - Israel", f"{SIX} DNK GBR IRL ISR", 2000),
        )
        n = agreements.network(treaties, [1985, 1995, 2005])
        assert (n["n"] == 1).all()
        assert n.query("exporter == 'AAA'")["partial_scope"].tolist() == [0, 0, 1]
        spells = agreements.pairs(treaties).query("exporter == 'AAA'")
        assert spells["exit"].tolist() == [1990, OPEN, OPEN]

    def test_treaties_of_an_invented_world_follow_their_own_lists_only(self):
        treaties = tota(
            ("Germany - Chile", "CHL DEU", 2000),
            ("Six - Chile", f"{SIX} CHL", 2001),
            ("Germany - Chile 2", "CHL DEU", 2002),
        )
        real = years_with(treaties, "DEU", "CHL")
        assert real == [(2001, 2016)]  # a member of the Union has no treaty alone
        invented = treaties.assign(treaty=-treaties["treaty"])
        assert years_with(invented, "DEU", "CHL") == [(2000, 2016)]
        n = agreements.network(invented, 2005).set_index(["exporter", "importer"])["n"]
        assert n[("DEU", "CHL")] == 3 and n[("DEU", "FRA")] == 1


def desta(*rows):
    """Return DESTA's events: treaty, event, year, pairs, and what differs."""
    frame = []
    for treaty, event, year, pairs, *rest in rows:
        name, more = f"T{treaty}", rest[0] if rest else {}
        for pair in pairs.split():
            country, partner = pair.split("-")
            row = {
                "treaty": treaty, "number": str(treaty), "name": name, "event": event,
                "signed": year, "in_force": None if event == "withdrawal" else year,
                "country": country, "partner": partner, "full_fta": 1, "services": 0,
            }  # fmt: skip
            frame.append(row | more)
    types = dict.fromkeys(["in_force", "full_fta", "services"], "Int64")
    return pd.DataFrame(frame).astype(types)


class TestDestaByHand:
    def test_accessions_and_withdrawals(self):
        events = desta(
            (9001, "base_treaty", 1990, "AAA-BBB AAA-CCC BBB-CCC"),
            (9001, "accession", 1999, "DDD-AAA DDD-BBB DDD-CCC", {"number": "9001+1"}),
            (9001, "withdrawal", 2006, "CCC-AAA CCC-BBB CCC-DDD", {"number": "9001_1"}),
        )
        assert years_with(events, "AAA", "BBB") == [(1990, 2016)]
        assert years_with(events, "AAA", "DDD") == [(1999, 2016)]
        assert years_with(events, "CCC", "DDD") == [(1999, 2005)]

    def test_a_treaty_without_a_year_never_applied_but_an_accession_did(self):
        events = desta(
            (9001, "base_treaty", 1990, "AAA-BBB", {"in_force": None}),
            (9001, "accession", 1995, "AAA-CCC", {"number": "9001+1"}),
            (9002, "base_treaty", 1990, "AAA-BBB"),
            (9002, "accession", 1995, "AAA-CCC BBB-CCC", {"in_force": None, "number": "9002+1"}),
        )
        assert years_with(events, "AAA", "CCC") == [(1995, 2016)]
        assert set(agreements.pairs(events)["treaty"]) == {"9002"}

    def test_sides_are_read_off_the_pairs(self):
        """A is one side, B and C the other; D joins B and C since it is a pair with A alone."""
        events = desta(
            (9001, "base_treaty", 1990, "AAA-BBB AAA-CCC"),
            (9001, "accession", 1995, "AAA-DDD", {"number": "9001+1"}),
        )
        found = agreements.memberships(events).set_index("country")["side"]
        assert found["BBB"] == found["CCC"] == found["DDD"] != found["AAA"]
        assert years_with(events, "BBB", "DDD") == []

    def test_newcomers_that_never_met_do_not_make_a_side(self):
        """In a treaty of all with all, two late parties that no event lists as a pair."""
        events = desta(
            (9001, "base_treaty", 1990, "AAA-BBB AAA-CCC BBB-CCC"),
            (9001, "accession", 2000, "DDD-AAA DDD-BBB DDD-CCC", {"number": "9001+1"}),
            (9001, "accession", 2005, "EEE-AAA EEE-BBB", {"number": "9001+2"}),
        )
        assert years_with(events, "DDD", "EEE") == [(2005, 2016)]
        assert years_with(events, "AAA", "BBB") == [(1990, 2016)]

    def test_kinds(self):
        events = desta(
            (9001, "base_treaty", 1990, "AAA-BBB", {"full_fta": 0}),
            (9002, "base_treaty", 1990, "AAA-CCC", {"full_fta": None}),
            (9003, "base_treaty", 1990, "AAA-DDD", {"services": 1}),
        )
        kind = agreements.memberships(events).drop_duplicates("treaty")["kind"].tolist()
        assert kind == ["partial scope", "uncoded", "free trade"]
        found = agreements.network(events, 2000).query("exporter == 'AAA'")
        assert found["fta"].tolist() == [0, 0, 1]
        assert found["partial_scope"].tolist() == [1, 1, 0]
        assert found["services"].tolist() == [0, 0, 1]

    def test_the_unions_treaties_pass_to_new_members(self):
        """DESTA does not: it would dissolve Poland's tie to Turkey in 2004."""
        six = " ".join(f"{a}-TUR" for a in SIX.split())
        events = desta((9001, "base_treaty", 1996, six), (9002, "base_treaty", 2000, "POL-TUR"))
        assert years_with(events, "POL", "TUR") == [(2000, 2016)]
        assert years_with(events, "AUT", "TUR") == [(1996, 2016)]
        assert years_with(events, "DEU", "FRA") == []


def test_a_frame_of_no_known_source_is_refused():
    with pytest.raises(BookError, match="neither those of ToTA nor those of DESTA"):
        agreements.network(pd.DataFrame({"a": [1]}), 2000)


def test_memberships_pass_through():
    parties = agreements.memberships(tota(("A - B", "AAA BBB", 1990)))
    again = agreements.network(parties, 2000)
    pd.testing.assert_frame_equal(again, agreements.network(tota(("A - B", "AAA BBB", 1990)), 2000))


def test_a_square_has_every_pair_and_zeros():
    found = agreements.network(
        tota(("A - B", "AAA BBB", 1990)), [1980, 2000], ["AAA", "BBB", "QQQ"]
    )
    assert len(found) == 3 * 2 * 2 and found["fta"].sum() == 2
    assert not found.isna().any().any()
    assert found.dtypes.astype(str).tolist() == ["str", "str", *["int64"] * 6]
    nobody = agreements.network(tota(("A - B", "AAA BBB", 1990)), 1980)
    assert nobody.empty and "fta" in nobody


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_the_membership_matrix(seed):
    """Another way to n: M'M − S'S with the parties M and the sides S of the treaties of a year."""
    rng = np.random.default_rng(seed)
    codes = np.array(["AAA", "BBB", "CCC", "DDD", "EEE", "FFF"])
    rows = []
    for at in range(30):
        picked = codes[rng.random(6) < 0.5]
        for country in picked:
            entry = int(rng.integers(1950, 2000))
            rows.append(
                {
                    "treaty": str(at), "name": f"T{at}", "kind": "free trade", "services": 0,
                    "country": country, "side": rng.choice(["x", "y", "z"]), "entry": entry,
                    "exit": int(rng.choice([entry, entry + 10, OPEN])),
                }
            )  # fmt: skip
    parties = pd.DataFrame(rows)
    year = 1985
    now = parties[(parties["entry"] <= year) & (year < parties["exit"])]
    m = pd.crosstab(now["treaty"], now["country"]).reindex(columns=codes, fill_value=0).to_numpy()
    s = pd.crosstab([now["treaty"], now["side"]], now["country"])
    s = s.reindex(columns=codes, fill_value=0).to_numpy()
    known = m.T @ m - s.T @ s
    np.fill_diagonal(known, 0)
    found = agreements.network(parties, year, codes)
    square = found.pivot(index="exporter", columns="importer", values="n")
    np.testing.assert_array_equal(square.fillna(0), known)


class TestChanges:
    treaties = tota(
        ("A - B", "AAA BBB", 1998, 2008), ("A - C", "AAA CCC", 2004), ("All", "AAA CCC QQQ", 2006)
    )

    def test_formed_ended_and_counted(self):
        found = agreements.network(self.treaties, [2000, 2005, 2010])
        moved = agreements.changes(found).query("exporter == 'AAA'")
        rows = moved[["importer", "since", "year", "formed", "ended", "change_n"]]
        assert rows.to_numpy().tolist() == [
            ["CCC", 2000, 2005, 1, 0, 1],
            ["BBB", 2005, 2010, 0, 1, -1],
            ["CCC", 2005, 2010, 0, 0, 1],
            ["QQQ", 2005, 2010, 1, 0, 1],
        ]
        wide = agreements.changes(found, [2000, 2010]).query("exporter == 'AAA'")
        assert wide.set_index("importer")["change_n"].to_dict() == {"BBB": -1, "CCC": 2, "QQQ": 1}

    def test_years_that_are_not_there_are_refused(self):
        found = agreements.network(self.treaties, [2000, 2005])
        with pytest.raises(BookError, match="no year 2010"):
            agreements.changes(found, [2000, 2010])
        with pytest.raises(BookError, match="two years or more"):
            agreements.changes(found, [2005])


class TestCompare:
    one = agreements.network(
        tota(
            ("same", "AAA BBB", 1990),
            ("late", "AAA CCC", 1990),
            ("early end", "AAA DDD", 1990),
            ("gap", "AAA EEE", 1990),
            ("absent", "AAA FFF", 1992, 1994),
            ("part", "AAA GGG", 1990, 1993),
        ),
        range(1985, 2001),
    )
    sources = (
        ("same", "AAA BBB", 1990),
        ("late", "AAA CCC", 1993),
        ("early end", "AAA DDD", 1990, 1999),
        ("gap 1", "AAA EEE", 1990, 1994),
        ("gap 2", "AAA EEE", 1996),
        ("part", "AAA GGG", 1980, None, {"kind": "partial scope"}),
        ("own", "BBB CCC", 1999),
    )
    other = agreements.network(tota(*sources), range(1988, 2005))

    def test_every_run_of_years_has_its_cause(self):
        found = agreements.compare(self.one, self.other)
        rows = found[["importer", "held_by", "first", "last", "years", "cause"]].to_numpy().tolist()
        assert rows == [
            ["CCC", "one", 1990, 1992, 3, "starts later"],
            ["DDD", "one", 1999, 2000, 2, "ends earlier"],
            ["EEE", "one", 1994, 1995, 2, "gap"],
            ["FFF", "one", 1992, 1993, 2, "absent"],
            ["GGG", "one", 1990, 1992, 3, "partial scope"],
            ["CCC", "other", 1999, 2000, 2, "absent"],
        ]
        assert set(found["cause"]) == set(agreements.CAUSES)

    def test_treaties_are_named(self):
        spells = agreements.pairs(tota(*self.sources))
        found = agreements.compare(self.one, self.other, treaties=(None, spells))
        last = found.iloc[-1]
        assert (last["held_as"], last["known_as"]) == ("own", "")
        part = found.query("cause == 'partial scope'").iloc[0]
        assert (part["held_as"], part["known_as"]) == ("", "part")

    def test_shares_by_year(self):
        share = agreements.agreement(self.one, self.other)
        assert share.index.tolist() == list(range(1990, 2001))
        assert (share.drop(columns="share").sum(axis=1) == 7 * 6 / 2).all()
        assert share.loc[1999, "both":"neither"].tolist() == [3, 1, 1, 16]
        assert share.loc[1999, "share"] == pytest.approx(19 / 21)
        two = agreements.agreement(self.one, self.other, ["AAA", "BBB"])
        assert (two["share"] == 1).all()

    def test_no_common_year(self):
        other = agreements.network(tota(("x", "AAA BBB", 1990)), 2010)
        with pytest.raises(BookError, match="no year in common"):
            agreements.agreement(self.one, other)


class TestGroups:
    bloc, ring = "AAA BBB CCC DDD", "WWW YYY ZZZ"
    found = agreements.network(
        tota(("bloc", bloc, 1990), ("ring", ring, 1990), ("P - Q", "PPP QQQ", 1990)), 2000
    )

    def test_blocs_are_found_whole_and_stand_together(self):
        found = agreements.groups(self.found, 2000, number=3)
        parts = found.groupby("group")["country"].agg(lambda s: " ".join(sorted(s))).to_dict()
        assert parts == {1: self.bloc, 2: self.ring, 3: "PPP QQQ"}
        assert (found["group"].diff().fillna(0) != 0).sum() == 2  # no group is split in the order
        assert found.set_index("country")["partners"].to_dict()["AAA"] == 3

    def test_few_partners(self):
        found = agreements.groups(self.found, 2000, number=2, least=2)
        assert set(found["country"]) == set((self.bloc + " " + self.ring).split())
        with pytest.raises(BookError, match="no two countries with 1 partners in 1980"):
            agreements.groups(self.found, 1980)


@pytest.fixture(scope="module")
def sources():
    return {key: data.load(key, tier="original") for key in ("tota", "desta")}


@pytest.fixture(scope="module")
def networks(sources):
    return {key: agreements.network(t, range(1958, 2017)) for key, t in sources.items()}


@pytest.mark.originals("tota", "desta")
class TestFacts:
    """Known dates that no table of rules states."""

    @pytest.mark.parametrize(
        ("a", "b", "spells"),
        [
            ("MEX", "USA", [(1994, 2016)]),  # NAFTA
            ("CAN", "USA", [(1989, 2016)]),  # the free-trade agreement before it
            ("DEU", "KOR", [(2011, 2016)]),
            ("HRV", "KOR", [(2013, 2016)]),
            ("CHN", "THA", [(2005, 2016)]),
            ("AUS", "NZL", [(1966, 2016)]),  # ANZCERTA of 1983 took the place of NAFTA of 1966
            ("GBR", "DEU", [(1973, 2016)]),
            ("GBR", "CHE", [(1960, 2016)]),  # EFTA until 1972, the Community's treaty from 1973
            ("GBR", "AUT", [(1960, 2016)]),
            ("POL", "CZE", [(1993, 2016)]),
            ("AUT", "HUN", [(1993, 2016)]),  # EFTA's treaty, then the Union's
            ("NOR", "DEU", [(1973, 2016)]),
            ("ARG", "BRA", [(1961, 1979), (1991, 2016)]),  # LAFTA, MERCOSUR
            ("VNM", "SGP", [(1995, 2016)]),
            ("CHN", "USA", []),
            ("JPN", "DEU", []),
            ("USA", "DEU", []),
            ("JPN", "NZL", []),  # the Trans-Pacific Partnership is signed only
        ],
    )
    def test_of_tota(self, networks, a, b, spells):
        found = networks["tota"].query("exporter == @a and importer == @b and fta == 1")["year"]
        years = {year for first, last in spells for year in range(first, last + 1)}
        assert set(found) == years

    def test_numbers_of_agreements(self, networks):
        for key in ("tota", "desta"):
            found = networks[key].set_index(["exporter", "importer", "year"])["n"]
            assert found[("DEU", "FRA", 2010)] == 1  # five treaties of the Union, one free trade
            assert found[("CAN", "USA", 2000)] == 1  # replaced, not added
            assert found[("CHL", "NZL", 2016)] == 1  # the Trans-Pacific four

    def test_symmetry(self, networks):
        for found in networks.values():
            swapped = found.rename(columns={"exporter": "importer", "importer": "exporter"})
            keys = ["exporter", "importer", "year"]
            swapped = swapped[found.columns].sort_values(keys, ignore_index=True)
            pd.testing.assert_frame_equal(found, swapped)
            assert (found["exporter"] != found["importer"]).all()

    def test_the_union_is_bound_once(self, networks, sources):
        """Exactly one treaty in each source is the Union itself."""
        for key, source in sources.items():
            spells = agreements.pairs(source).query("exporter == 'BEL' and importer == 'ITA'")
            spells = spells[(spells["entry"] <= 2005) & (spells["exit"] > 2005)]
            assert len(spells) == 1, key

    def test_sides_give_back_the_listed_pairs(self, sources):
        """DESTA lists pairs; parties and sides that do not imply them again would be wrong.

        Outside the treaties of the Union and EFTA, whose lists the rules replace, up to 2016.
        """
        listed = sources["desta"].query("event != 'withdrawal' and signed < 2017")
        blocs = r"\b(?:EC|EFTA|EEA|Lome|Cotonou|Yaounde|Arusha)\b"
        listed = listed[~listed["name"].str.contains(blocs)]
        known = listed[["treaty", "country", "partner"]].astype({"treaty": "str"})
        known = {(t, *sorted(pair)) for t, *pair in known.itertuples(index=False)}
        made = agreements.pairs(sources["desta"]).query("entry < 2017")
        made = made[made["treaty"].isin({treaty for treaty, *_ in known})]
        made = made[["treaty", "exporter", "importer"]].itertuples(index=False)
        # South Sudan in COMESA, which no event lists with six of the other members.
        odd = {(t, *sorted(pair)) for t, *pair in made} - known
        assert {treaty for treaty, *_ in odd} <= {"243"} and len(odd) < 15


@pytest.fixture(scope="module")
def dummies():
    return agreements.from_dummies(data.load("wiod_2016_gravity", tier="original"))


@pytest.fixture(scope="module")
def economies(dummies):
    return sorted(set(dummies["exporter"]))


@pytest.mark.originals("tota", "desta", "wiod_2016_gravity")
class TestAgainstTheDummies:
    """43 economies, five years, dummies made by others from the WTO's database."""

    def test_tota(self, networks, dummies, economies):
        share = agreements.agreement(networks["tota"], dummies, economies)
        assert len(economies) == 43 and share.index.tolist() == [2002, 2005, 2008, 2011, 2014]
        assert (share["only_other"] == 0).all()
        # China's treaty with ASEAN is in force in January 2005 for ToTA, in July for others.
        odd = agreements.compare(networks["tota"], dummies, economies)
        rows = odd[["exporter", "importer", "first", "last"]].to_numpy().tolist()
        assert rows == [["CHN", "IDN", 2005, 2005]]
        assert share["share"].min() > 0.9988

    def test_tota_customs_unions(self, networks, dummies, economies):
        """The Union, those with Turkey, Cyprus and Malta, Czechia–Slovakia: pair by pair."""
        both = dummies.merge(networks["tota"], on=["exporter", "importer", "year"], how="left")
        both = both.fillna({"customs_union_y": 0})
        assert (both["customs_union_x"] == both["customs_union_y"]).all()
        assert both["customs_union_x"].sum() > 2500

    def test_desta(self, networks, dummies, economies):
        share = agreements.agreement(networks["desta"], dummies, economies)
        odd = agreements.compare(networks["desta"], dummies, economies)
        # DESTA does not code the Union's treaty with Croatia as a full free-trade agreement.
        croatia = odd[(odd["exporter"] == "HRV") | (odd["importer"] == "HRV")]
        assert (croatia["cause"] == "partial scope").all()
        rest = odd.drop(croatia.index)[["exporter", "importer", "first", "last"]]
        assert rest.to_numpy().tolist() == [
            ["AUS", "IDN", 2011, 2011],
            ["CHN", "IDN", 2005, 2005],
            ["IDN", "KOR", 2008, 2008],
        ]
        assert share["share"].tolist() == pytest.approx([0.983, 0.971, 0.969, 0.999, 1], abs=6e-4)


@pytest.mark.slow
@pytest.mark.originals("tota", "desta", "bilateral_panel")
def test_late_parties_against_a_third_source(networks):
    """Treaties of the bilateral panel that are bilateral in fact, by pair and year.

    The panel names one agreement for each pair, so it can only confirm what it names.
    """
    panel = data.load("bilateral_panel", tier="original")
    named = panel[panel["agreement"].str.contains(r"Chile - Central America|Panama - Central Am")]
    named = named[["exporter", "importer", "year"]].assign(panel=1)
    both = named.merge(networks["tota"], on=["exporter", "importer", "year"], how="left")
    assert len(both) > 40 and (both["fta"] == 1).all()
    names = np.sort(named[["exporter", "importer"]].to_numpy(str), axis=1)
    first = named.assign(exporter=names[:, 0], importer=names[:, 1])
    first = first.groupby(["exporter", "importer"], as_index=False)["year"].min()
    before = first.assign(year=first["year"] - 4).merge(networks["tota"], how="left")
    assert len(first) > 8 and (before["fta"].fillna(0) == 0).all()

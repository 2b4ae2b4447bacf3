"""What the pages show that is computed: headline numbers, scoreboard, data page."""

import pandas as pd

from lib import data, paths
from lib.book import chapters, replication
from lib.errors import BookError

ATTEMPTED = [s for s in replication.STATUSES if s not in ("not attempted", "needs data")]


def substitutions() -> dict[str, str]:
    """Return name → MyST text for every ``{{ name }}`` in the pages under ``book/``."""
    board = replication.scoreboard()
    results = board[board["kind"] == "result"]
    return {
        "n_published": f"{len(board):,}",
        "n_results": f"{len(results):,}",
        "n_settings": f"{(board['kind'] == 'setting').sum():,}",
        "n_cited": f"{(board['kind'] == 'cited').sum():,}",
        "scoreboard_headline": headline(results),
        "scoreboard_summary": summary(results),
        "scoreboard_tables": details(board),
        "data_table": data_table(),
        "data_entries": data_entries(),
        "data_by_hand": data_by_hand(),
        "data_size": download_size(),
        "teaching_table": teaching_table(),
        "exhibits": exhibits(),
        **by_paper(results),
        **benchmarks(),
        **recorded_values(),
    }


def recorded_values() -> dict[str, str]:
    """Values that chapters name for other pages, as recorded on originals: ``v11_name``."""
    values = {}
    for chapter in chapters.chapters():
        path = paths.REPLICATED / chapter.name / "values.csv"
        if path.is_file():
            rows = pd.read_csv(path, dtype=str, keep_default_na=False)
            for row in rows[rows["name"] != ""].itertuples():
                mark = "" if row.tier == "original" else " (made up)"
                values[f"v{chapter.number}_{row.name}"] = row.text + mark
    return values


# -- scoreboard ----------------------------------------------------------------------------------


def headline(results: pd.DataFrame) -> str:
    """Count same and nearest samples apart; a different sample is no replication."""
    tried = results[results["status"].isin(ATTEMPTED)]
    met = tried[tried["status"].isin(["exact", "close"])]
    count = met["sample"].value_counts()
    return (
        f"Of {len(results):,} published results, {len(tried):,} have been recomputed on original "
        f"data so far. **{count.get('same', 0):,}** are exact or close on the paper's own sample, "
        f"**{count.get('nearest', 0):,}** on the nearest sample that the data at hand allow; "
        f"{(tried['status'] == 'differs').sum():,} differ."
    )


def by_paper(results: pd.DataFrame) -> dict[str, str]:
    """Of each paper's results, how many were recomputed (``n_paper``) and met (``met_paper``)."""
    tried = results[results["status"].isin(ATTEMPTED)]
    met = tried[tried["status"].isin(["exact", "close"])]
    counts = {"n": tried["paper"].value_counts(), "met": met["paper"].value_counts()}
    return {f"{k}_{p}": f"{c.get(p, 0):,}" for k, c in counts.items() for p in replication.PAPERS}


def summary(results: pd.DataFrame) -> str:
    """One row per paper and table, one column per status."""
    keys = [results["paper"].map(replication.PAPERS), results["item"].map(replication.item_title)]
    counts = pd.crosstab(keys, results["status"], rownames=["paper", "table"], colnames=[None])
    counts = counts.reindex(columns=replication.STATUSES, fill_value=0)
    counts["all"] = counts.sum(axis=1)
    order = pd.MultiIndex.from_frame(pd.concat(keys, axis=1).drop_duplicates())
    table = counts.loc[order].reset_index().replace(0, "·")
    table["paper"] = table["paper"].where(~table["paper"].duplicated(), "")
    return markdown(table)


def details(board: pd.DataFrame) -> str:
    """Every number of every table, folded by table."""
    blocks = []
    for paper, rows in board.groupby("paper", sort=False):
        blocks.append(f"## {replication.PAPERS[paper]}\n")
        for item, part in rows.groupby("item", sort=False):
            done = part["status"].isin(ATTEMPTED).sum()
            title = f"{replication.item_title(item)}: {len(part)} numbers, {done} recomputed"
            body = markdown(_detail(part))
            blocks.append(f":::{{dropdown}} {title}\n{body}\n:::\n")
    return "\n".join(blocks)


def _detail(part: pd.DataFrame) -> pd.DataFrame:
    made = part["ours"].notna()
    link = part.apply(
        lambda r: f"[{r['made_in']}](#{r['cell']})" if isinstance(r["cell"], str) else "", axis=1
    )
    ours = [
        replication.as_printed(value, text) if ok else ""
        for value, text, ok in zip(part["ours"], part["value"], made, strict=True)
    ]
    ours = pd.Series(ours, index=part.index).where(part["tier"] != "sample", "*made-up* only")
    remark = part["diagnosis"].fillna("").where(part["diagnosis"].fillna("") != "")
    return pd.DataFrame(
        {
            "row": part["row"].str.replace("_", " "),
            "column": part["column"].str.replace("_", " "),
            "stat": part["stat"],
            "published": part["value"] + part["stars"].str.replace("*", r"\*"),
            "unit": part["unit"].str.replace("_", " "),
            "ours": ours.where(made, ""),
            "status": part["status"].where(part["kind"] == "result", part["kind"]),
            "sample": part["sample"].fillna(""),
            "remark": remark.fillna(part["difference"]).fillna(""),
            "made in": link,
        }
    )


def recorded_exhibits():
    """Yield the chapter and the manifest row of every recorded figure and table."""
    for chapter in chapters.chapters():
        path = paths.REPLICATED / chapter.name / "exhibits.csv"
        if path.is_file():
            for row in pd.read_csv(path, dtype=str).fillna("").itertuples(index=False):
                yield chapter, row


def exhibits() -> str:
    """Every recorded figure and table, with a link to the cell that makes it."""
    rows = [
        {
            "exhibit": f"[{row.caption.split('.')[0]}]"
            f"(#{'fig' if row.kind == 'figure' else 'tbl'}-{chapter.number}-{row.name})",
            "kind": row.kind,
            "chapter": f"{chapter.number} {chapter.title}",
            "data": row.data,
        }
        for chapter, row in recorded_exhibits()
    ]
    return markdown(pd.DataFrame(rows))


def benchmarks() -> dict[str, str]:
    """Recorded benchmarks: ``bench_name`` is the table, ``bench_name_machine`` what it ran on.

    A column ``machine`` is required; names that end in ``_seconds`` or ``_gib`` carry their unit.
    """
    texts = {}
    for path in sorted((paths.REPLICATED / "benchmarks").glob("*.csv")):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        texts[f"bench_{path.stem}_machine"] = frame.pop("machine").iloc[0]
        units = {"_seconds": " (s)", "_gib": " (GiB)", "_": " "}
        frame.columns = frame.columns.to_series().replace(units, regex=True)
        texts[f"bench_{path.stem}"] = markdown(frame)
    return texts


# -- data page -----------------------------------------------------------------------------------


def data_table() -> str:
    """One row per dataset of the catalogue: what, whose, where it is used, this build's tier."""
    rows = []
    for key, entry in data.catalogue().items():
        tier = data.provenance(key).tier
        rows.append(
            {
                "dataset": f"[{entry.title}](#data-{key.replace('_', '-')})",
                "provider": entry.provider,
                "chapters": used_in(key),
                "this build": f"*{tier}*" if tier in ("sample", "absent") else tier,
            }
        )
    return markdown(pd.DataFrame(rows))


def used_in(key: str) -> str:
    """The written chapters that declare this dataset."""
    return ", ".join(str(c.number) for c in chapters.chapters() if key in c.datasets) or "–"


def data_entries() -> str:
    """One section per dataset: citation, licence, copy, files, stand-in."""
    blocks = []
    for key, entry in data.catalogue().items():
        provenance = data.provenance(key)
        size = sum(file.bytes for file in entry.files)
        files = (
            f"{len(entry.files)} file{'s' if len(entry.files) != 1 else ''}, {size / 1e6:.1f} MB"
        )
        lines = [
            f"(data-{key.replace('_', '-')})=",
            f"### {entry.title}",
            "",
            f"`load({key!r})` · {entry.provider} · {entry.version}",
            "",
            f"{entry.citation}",
            "",
            f"Page of the provider\n: <{entry.homepage}>\n",
            f"Licence\n: {entry.licence}\n",
        ]
        if entry.copy:
            lines.append(f"Copy that the book reads\n: {entry.copy} ({files})\n")
        elif entry.embedded:
            lines.append(f"Shipped with the book\n: {files}\n")
        if provenance.sha256:
            lines.append(f"This build reads\n: {provenance.tier}, sha-256 `{provenance.sha256}…`\n")
        if entry.stand_in:
            lines.append(f"Where it is absent\n: {entry.stand_in}\n")
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def download_size() -> str:
    """What ``make data`` downloads in all."""
    entries = [entry for entry in data.catalogue().values() if not entry.embedded]
    return f"{sum(file.bytes for entry in entries for file in entry.files) / 1e6:.0f} MB"


def teaching_table() -> str:
    """One row per chapter: its originals, fetched or put in place by hand, and what is drawn."""
    entries = data.catalogue()
    rows = []
    for chapter in chapters.chapters():
        used = [entries[key] for key in chapter.datasets if not entries[key].embedded]
        fetched = [entry.short for entry in used if not entry.steps]
        by_hand = [entry.short for entry in used if entry.steps]
        drawn = [f"`{p.name}`" for p in chapter.parameters if p.personal]
        rows.append(
            {
                "chapter": f"{{doc}}`{chapter.number} <{chapter.name}>`",
                "fetched": "; ".join(fetched) or "–",
                "by hand, if wanted": "; ".join(by_hand) or "–",
                "drawn for each student": ", ".join(drawn) or "–",
            }
        )
    return markdown(pd.DataFrame(rows))


def data_by_hand() -> str:
    """Steps for the originals that no program can fetch in one step."""
    blocks = []
    for entry in data.catalogue().values():
        if entry.steps:
            steps = "\n".join(f"{i}. {step}" for i, step in enumerate(entry.steps, 1))
            files = ", ".join(f"`{pattern}`" for pattern in entry.patterns)
            blocks.append(
                f"**{entry.title}** ({entry.size}; files {files}): <{entry.page}>\n\n{steps}\n"
            )
    return "\n".join(blocks)


def markdown(frame: pd.DataFrame) -> str:
    return frame.to_markdown(index=False, disable_numparse=True)


# -- README --------------------------------------------------------------------------------------


def readme() -> str:
    """Return README.md with its generated parts renewed."""
    text = (paths.ROOT / "README.md").read_text(encoding="utf-8")
    parts = {"data": readme_data(), "by-hand": data_by_hand(), "exhibits": readme_exhibits()}
    for name, part in parts.items():
        start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        if not text.partition(start)[2].partition(end)[1]:
            raise BookError(f"README.md has lost its part between {start} and {end}; restore it.")
        head, _, rest = text.partition(start)
        text = f"{head}{start}\n\n{part.strip()}\n\n{end}{rest.partition(end)[2]}"
    return text


def readme_data() -> str:
    """One row per dataset; nothing in it depends on what this machine holds."""
    rows = [
        {
            "dataset": f"[{entry.title}]({entry.homepage})",
            "key": f"`{key}`",
            "provider": entry.provider,
            "version": entry.version,
            "copy that the book reads": entry.copy
            or ("shipped with the book" if entry.embedded else "put in place by hand, below"),
            "chapters": used_in(key),
        }
        for key, entry in data.catalogue().items()
    ]
    return markdown(pd.DataFrame(rows))


def readme_exhibits() -> str:
    """One row per recorded figure and table."""
    rows = [
        {
            "exhibit": row.caption.split(".")[0],
            "kind": row.kind,
            "source": f"[{chapter.path.name}](notebooks/{chapter.path.name})",
            "name in the cell": f"`{row.name}`",
        }
        for chapter, row in recorded_exhibits()
    ]
    return markdown(pd.DataFrame(rows))

"""Run one text of SQL where the flows lie: in a frame, on the disk, or on a cluster.

The text is in the dialect that DuckDB and Spark share, up to two spellings (:data:`SPARK`).
"""

from collections.abc import Mapping
from typing import Any

import duckdb
import pandas as pd

from lib.errors import BookError

Flows = Any
"""A pandas DataFrame, a DuckDB relation or a PySpark DataFrame."""

FLOWS = "_flows"
SPARK = {"fsum(": "sum(", '"': "`"}
"""How Spark spells a sum, which DuckDB can also do with Kahan's correction, and a quoted name."""


def run(steps: Mapping[str, str], flows: Flows, **frames: pd.DataFrame) -> pd.DataFrame:
    """Run queries in turn, each a table for those after it, and return the result of the last.

    Parameters
    ----------
    steps : mapping of str to str
        Name of the table to query. The flows are the table ``_flows``.
    flows : DataFrame, DuckDB relation or PySpark DataFrame
        A relation is queried in its own connection, under the memory limit set there.
    **frames : DataFrame
        Further tables by name.

    Raises
    ------
    BookError
        If the engine has no room for the work.
    """
    if hasattr(flows, "sparkSession"):  # asked so that PySpark need not be installed
        return _spark(steps, flows, frames)
    if isinstance(flows, duckdb.DuckDBPyRelation):
        return _relation(steps, flows, frames)
    with duckdb.connect() as engine:
        for name, frame in {FLOWS: flows, **frames}.items():
            engine.register(name, frame)
        *first, last = steps.items()
        for name, query in first:
            engine.execute(f"CREATE TEMP TABLE {name} AS {query}")
        return engine.sql(last[1]).df()


def _relation(steps, flows, frames) -> pd.DataFrame:
    tables = []

    def keep(name, query):
        tables.append(name)
        flows.query(FLOWS, f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")

    *first, last = steps.items()
    try:
        for name, frame in frames.items():  # noqa: B007 - the engine finds `frame` by its name
            tables.append(name)
            flows.query(FLOWS, f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM frame")
        for name, query in first:
            keep(name, query)
        return flows.query(FLOWS, last[1]).df()
    except duckdb.OutOfMemoryException as error:
        raise BookError(
            "The engine has no room for this year of flows; raise the memory_limit of the "
            "relation's connection, or free the disk that it spills to."
        ) from error
    finally:
        for name in tables:
            flows.query(FLOWS, f"DROP TABLE IF EXISTS {name}")


def _spark(steps, flows, frames) -> pd.DataFrame:
    session = flows.sparkSession
    tables = {FLOWS: flows} | {name: session.createDataFrame(f) for name, f in frames.items()}
    *first, last = steps.items()

    def query(text):
        for ours, theirs in SPARK.items():
            text = text.replace(ours, theirs)
        return session.sql(text)

    try:
        for name, table in tables.items():
            table.createOrReplaceTempView(name)
        for name, text in first:
            tables[name] = query(text).cache()
            tables[name].createOrReplaceTempView(name)
        return query(last[1]).toPandas()
    finally:
        for name, table in tables.items():
            session.catalog.dropTempView(name)
            if name in steps:
                table.unpersist()

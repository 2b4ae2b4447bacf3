"""Where things lie in a checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
BOOK = ROOT / "book"
DATA = ROOT / "data"
PUBLISHED = DATA / "published"
REPLICATED = DATA / "replicated"
LIVE = BOOK / "_live"
BUILD = ROOT / "_build"

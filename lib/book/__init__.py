"""Run chapters, record numbers, draw and keep figures and tables."""

from lib.book.display import interactive, table
from lib.book.session import Session, refuse, start

__all__ = ["Session", "interactive", "refuse", "start", "table"]

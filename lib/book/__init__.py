"""Run chapters, record numbers, draw and keep figures and tables."""

from lib.book.session import Session, start

__all__ = ["Session", "start"]

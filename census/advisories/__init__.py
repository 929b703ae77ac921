"""Advisories: which published weaknesses the version that a server tells is said to have, in three states."""

from census.advisories.book import Advisory, Affected, advisories, judged, texts

__all__ = ["Advisory", "Affected", "advisories", "judged", "texts"]

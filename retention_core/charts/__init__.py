"""Frames drawn as Altair charts: one file per section of the menu."""

"""The report of a result: one HTML file with its finding, figures, assumptions and provenance. Reads tables alone."""

from __future__ import annotations

from sim.report.page import write_report

__all__ = ["write_report"]

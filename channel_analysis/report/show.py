"""Show a result: in a notebook as it stands on the page, for the page in every language asked for."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from ..errors import InputError, Problem, refuse
from ..words import Words, check_language, words
from .blocks import Section
from .html import section_html, style_sheet
from .language import reading_language

MIME = "application/vnd.channel-analysis.section+json"
"""Type of a notebook output that carries a section in every language, for the page to pick from."""

PARTS = {
    "Banner": "banner",
    "Message": "message",
    "ChannelResults": "channels",
    "Scorecard": "scorecard",
    "PartnerAppraisal": "partners",
    "SalesForce": "sales_force",
    "Incentives": "incentives",
    "Screening": "screening",
    "PolicyAudit": "policy_audit",
    "Lifecycle": "lifecycle",
    "KeyAccounts": "key_accounts",
    "Leads": "leads",
    "DataQuality": "quality",
    "Irregularities": "irregularities",
    "PartnerRisk": "risk",
    "RiskModelCard": "risk_model",
    "Summary": "summary",
    "KpiGaps": "kpi_gaps",
    "PartnerSheet": "partner_sheet",
    "PartnerSheets": "partner_sheets",
    "RootCause": "root_cause",
    "MeasureReview": "measures_decided",
    "MeasurePlan": "measures_plan",
    "Pending": "pending",
    "Appendix": "appendix",
}
"""The part that shows each result: a module of that name in `parts`, and the function in it."""


def show(result: object, languages: str | Sequence[str] = "") -> Shown:
    """Show a result or a part of one in one or more languages.

    In a notebook the first language is seen; a page made from the notebook takes the one it is for.

    Parameters
    ----------
    result : one of `results`
        Such as `review.scorecard`.
    languages : str or list of str
        "zh", "en" or both; the reader's when empty, see `use_language`.

    Raises
    ------
    InputError
        For an unknown language, or something that is no result.
    """
    wanted = [languages or reading_language()] if isinstance(languages, str) else list(languages)
    if not wanted:
        raise InputError([Problem("languages", "no language is named", "name one or more, such as zh")])
    refuse(problem for language in wanted for problem in check_language(language))
    return Shown({language: section_of(result, words(language)) for language in wanted})


class Shown:
    """A section in one or more languages, displayed by Jupyter and picked up by the page."""

    def __init__(self, sections: dict[str, Section]) -> None:
        self.sections = sections

    def html(self, language: str | None = None) -> str:
        """The section's HTML, in its first language unless another is named."""
        chosen = language or next(iter(self.sections))
        return section_html(self.sections[chosen], words(chosen))

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        found = {language: self.html(language) for language in self.sections}
        first = next(iter(found.values()))
        titles = {language: section.title for language, section in self.sections.items()}
        section = next(iter(self.sections.values()))
        return {
            "text/plain": section.title,
            "text/html": f'<style>{style_sheet()}</style><div class="channel-analysis">{first}</div>',
            MIME: {"id": section.id, "kind": section.kind, "titles": titles, "html": found},
        }


def section_of(result: object, language: Words) -> Section:
    """The section a result is shown as; InputError names the kinds that can be shown."""
    name = PARTS.get(type(result).__name__)
    if name is None:
        what = f"a {type(result).__name__} cannot be shown"
        fix = f"show one of: {', '.join(PARTS)}, such as review.scorecard"
        raise InputError([Problem("show", what, fix)])
    section: Section = getattr(import_module(f".parts.{name}", __package__), name)(result, language)
    return section

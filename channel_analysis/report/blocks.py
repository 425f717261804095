"""What a section of a page is made of: sentences, cards, tables, figures, notes; no HTML yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph; `kind` is "lead", "text" or "note"."""

    text: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Fact:
    """A term and what stands for it, as in a banner."""

    term: str
    text: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """A list of terms with their texts."""

    items: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One line of a card: against what, and how; `mood` is "good", "bad" or "neutral"."""

    against: str
    text: str
    mood: str


@dataclass(frozen=True, slots=True)
class Card:
    """A KPI with its value and comparisons; the shape and the word say what the colour says.

    `trend` is a sparkline's SVG.
    """

    title: str
    value: str
    unit: str
    detail: str
    comparisons: tuple[Comparison, ...]
    trend: str = ""


@dataclass(frozen=True, slots=True)
class Cards:
    """A row of KPI cards."""

    items: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a list, with the section it links to, or with what a program said in English.

    `facts` are told below it, such as what is to be done, by whom and until when.
    """

    text: str
    link: str = ""
    link_text: str = ""
    quotes: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A numbered list."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table as shown: heading, texts, alignment, and the group it stands under."""

    heading: str
    texts: tuple[str, ...]
    is_number: bool = True
    group: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as shown: the first column names the rows; `strong` lists rows set in bold."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    notes: tuple[str, ...] = ()
    strong: tuple[int, ...] = ()
    folded: str = ""

    def __post_init__(self) -> None:
        lengths = {len(column.texts) for column in self.columns}
        if len(lengths) > 1:
            raise ValueError(f"columns of table '{self.name}' differ in length: {sorted(lengths)}")


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart; its caption states the finding with a number and is its accessible name."""

    name: str
    svg: str
    caption: str

    def __post_init__(self) -> None:
        if not any(character.isdigit() for character in self.caption):
            raise ValueError(f"the caption of figure '{self.name}' states no number: {self.caption!r}")


Block = Prose | Facts | Cards | Items | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page in one language; `kind` is "section", "banner" or "line"."""

    id: str
    title: str
    blocks: Sequence[Block]
    kind: str = "section"

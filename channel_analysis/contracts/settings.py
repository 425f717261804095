"""What every settings model shares: strictness, shares, labels, and mistakes told with place and remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from ..errors import InputError, Problem, did_you_mean

Share = Annotated[float, Field(ge=0, le=1)]
Label = dict[str, str]


class Rules(BaseModel):
    """Base of every settings model: unknown names and endless numbers are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def wrong(what: str, fix: str, secret: bool = False) -> PydanticCustomError:
    """A mistake for a validator to raise, with its remedy; the value is not shown when it is a secret."""
    return PydanticCustomError("wrong", "{what}", {"what": what, "fix": fix, "secret": secret})


def mistake(place: tuple[str, ...], what: str, fix: str) -> InitErrorDetails:
    """A mistake for a validator of several to collect: where, what, and its remedy."""
    return InitErrorDetails(type=wrong(what, fix), loc=place, input=None)


Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], data: Mapping[str, Any], where: str) -> Model:
    """Validate settings; InputError lists every mistake with its place.

    Examples
    --------
    >>> class Grades(Rules):
    ...     grade_a: Share = 0.001
    >>> validated(Grades, {"grade_aa": 0.1}, "policy.toml")
    Traceback (most recent call last):
    ...
    channel_analysis.errors.InputError: 1 problem found
      1. policy.toml [grade_aa]: this name is not known
         fix: did you mean 'grade_a'?
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError(_problem(model, item, where) for item in error.errors()) from None


def _problem(model: type[BaseModel], item: Any, where: str) -> Problem:
    path = [str(part) for part in item["loc"] if not str(part).startswith("<")]
    place = f"{where} [{'.'.join(path)}]" if path else where
    if item["type"] == "extra_forbidden":
        return Problem(place, "this name is not known", did_you_mean(path[-1], _names_at(model, path)))
    message = item["msg"].removeprefix("Value error, ")
    given, context = item.get("input"), item.get("ctx", {})
    is_shown = isinstance(given, str | int | float) and not context.get("secret")
    fix = context.get("fix", "")
    if item["type"] == "literal_error" and isinstance(given, str):
        fix = did_you_mean(given, re.findall(r"'([^']*)'", context.get("expected", "")))
        fix = fix if fix.startswith("did") else ""
    return Problem(place, f"{message} (given: {given!r})" if is_shown else message, fix)


def _names_at(model: type[BaseModel], path: list[str]) -> list[str]:
    """Names allowed beside the one at `path`, following nested models."""
    current: Any = model
    for part in path[:-1]:
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = current.model_fields.get(part)
            current = field.annotation if field else None
        else:
            current = next(iter(getattr(current, "__args__", ())[-1:]), None)
    fields = getattr(current, "model_fields", None)
    return list(fields) if fields else []

"""The wizard's credential form from a connector's model: what is shown, what was cleaned, secrets never given back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError
from starlette.datastructures import FormData

from canonical.codes import Language
from web.context import text
from web.forms import errors_by_field, help_of, plain_type, title_of
from web.i18n import Voice


@dataclass(frozen=True)
class CredentialField:
    """One field; a secret's value is always empty, `is_stored` says that leaving it empty keeps it."""

    name: str
    title: str
    help: str
    value: str
    is_secret: bool
    is_stored: bool
    is_required: bool = True
    """Whether the browser may refuse to send it empty: the model has no default for it and nothing is stored."""
    error: str = ""


@dataclass(frozen=True)
class Entered:
    """What came of a posted form."""

    typed: Mapping[str, str]
    credentials: BaseModel | None
    errors: Mapping[str, str]
    cleaned: tuple[tuple[str, str, str], ...] = ()
    """Title, what was pasted, what we took: for values that are not secret."""


def fields(
    model: type[BaseModel],
    values: Mapping[str, Any],
    language: Language,
    *,
    is_stored: bool,
    errors: Mapping[str, str] | None = None,
) -> list[CredentialField]:
    """Lay the form out."""
    found = []
    for name, info in model.model_fields.items():
        is_secret = plain_type(info) is SecretStr
        found.append(
            CredentialField(
                name=name,
                title=title_of(info, language, name),
                help=help_of(info, language),
                value="" if is_secret else str(values.get(name, "")),
                is_secret=is_secret,
                is_stored=is_secret and is_stored,
                is_required=info.is_required() and not (is_secret and is_stored),
                error=(errors or {}).get(name, ""),
            )
        )
    return found


def enter(model: type[BaseModel], form: FormData, stored: BaseModel | None, voice: Voice) -> Entered:
    """Read the form; an empty secret keeps the stored one."""
    typed = {name: text(form, name) for name in model.model_fields}
    values: dict[str, Any] = dict(typed)
    for name, info in model.model_fields.items():
        if plain_type(info) is SecretStr and not values[name] and stored is not None:
            values[name] = getattr(stored, name)
    visible = {name: typed[name] for name, info in model.model_fields.items() if plain_type(info) is not SecretStr}
    try:
        credentials = model.model_validate(values)
    except ValidationError as error:
        return Entered(visible, None, errors_by_field(error, voice))
    cleaned = tuple(
        (title_of(model.model_fields[name], voice.language, name), pasted, str(getattr(credentials, name)))
        for name, pasted in visible.items()
        if pasted and pasted != str(getattr(credentials, name))
    )
    return Entered(visible, credentials, {}, cleaned)

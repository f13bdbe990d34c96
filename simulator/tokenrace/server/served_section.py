"""The rules of a served provider: a scenario's ``provider`` section, but of every profile."""

from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema

from tokenrace.fields.provider_section import ProviderSection
from tokenrace.fields.quoting import hint, shown
from tokenrace.provider.profiles import PROFILES


def _read_profile(raw: object) -> str:
    if not isinstance(raw, str) or raw not in PROFILES:
        raise ValueError(f"unknown profile {shown(raw)}; {hint(str(raw), PROFILES)}")
    return raw


AnyProfile = Annotated[str, PlainValidator(_read_profile), WithJsonSchema({"enum": list(PROFILES)})]


class ServedSection(ProviderSection):
    """The provider: how many tokens live, for how long, and what an issue does to the others.

    A client of any kind may come, so the profiles whose grant is refresh_token are here too.
    """

    profile: AnyProfile = Field(
        default="zoom-2022",
        description="Whose rules the provider follows; tokenrace profiles lists them. Where the "
        "grant is refresh_token, POST events authorize yields a refresh token.",
    )

"""The shop's own page where a merchant grants a key; the shop then posts the key to us, and the browser comes back without."""

import hmac
from collections.abc import Mapping
from urllib.parse import urlencode

from pydantic import BaseModel, SecretStr, ValidationError

from canonical.failure import Failure, FailureError
from connectors.woocommerce.settings import WooCredentials, WooShopAddress

APP_NAME = "Connect"
SCOPE = "read_write"


def authorize_url(form: BaseModel, *, return_url: str, callback_url: str, state: str) -> str:
    """The page to send the browser to; the shop takes a `callback_url` only with https."""
    address = WooShopAddress.model_validate(form, from_attributes=True)
    query = {
        "app_name": APP_NAME,
        "scope": SCOPE,
        "user_id": state,
        "return_url": return_url,
        "callback_url": callback_url,
    }
    return f"{address.url}/wc-auth/v1/authorize?{urlencode(query)}"


def granted_credentials(form: BaseModel, answer: Mapping[str, str], state: str) -> WooCredentials:
    """Make credentials of the posted key; raises `FailureError` GRANT_REFUSED, naming what is wrong and no value."""
    if not state or not hmac.compare_digest(str(answer.get("user_id", "")).encode(), state.encode()):
        raise FailureError(Failure.of("GRANT_REFUSED", reason="user_id"))
    if answer.get("key_permissions") != SCOPE:
        raise FailureError(Failure.of("GRANT_REFUSED", reason="key_permissions"))
    try:
        return WooCredentials(
            url=WooShopAddress.model_validate(form, from_attributes=True).url,
            consumer_key=str(answer.get("consumer_key", "")),
            consumer_secret=SecretStr(str(answer.get("consumer_secret", ""))),
        )
    except ValidationError as error:
        fields = ", ".join(str(problem["loc"][0]) for problem in error.errors(include_input=False) if problem["loc"])
        raise FailureError(Failure.of("GRANT_REFUSED", reason=fields)) from None

"""How the chat page logs people in: as a public client, by an authorization code with PKCE."""

from urllib.parse import urlsplit

from fastapi import HTTPException
from pydantic import BaseModel

from serving.oidc.issuer import Issuer, IssuerDownError, Metadata
from tasks_lib.config.oidc import OidcConfig


class LoginWay(BaseModel):
    """What the page needs to know; nothing of it is a secret."""

    issuer: str = ""
    client_id: str = ""
    scope: str = ""
    page_token: str = ""
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    end_session_endpoint: str = ""


class Login:
    """The login of one issuer.

    :param config: With the id of the page's client.
    :param issuer: Whose tokens are taken.
    """

    def __init__(self, config: OidcConfig, issuer: Issuer) -> None:
        self._config, self._issuer = config, issuer

    async def way(self) -> LoginWay:
        """Where and how.

        :raises HTTPException: 503 if the issuer cannot be reached.
        """
        try:
            about = await self._issuer.metadata()
        except IssuerDownError:
            message = "Nobody can log in now: the issuer cannot be reached. API keys are taken as ever."
            raise HTTPException(503, message, {"Retry-After": "10"}) from None
        return LoginWay(
            client_id=self._config.client_id or "",
            scope=" ".join(dict.fromkeys(["openid", *self._config.scopes])),
            page_token=self._config.page_token,
            **about.model_dump(include=set(Metadata.model_fields) & set(LoginWay.model_fields)),
        )

    async def origins(self) -> tuple[str, ...]:
        """Origins that the page asks for a token; none while the issuer cannot be reached."""
        try:
            parts = urlsplit((await self._issuer.metadata()).token_endpoint)
        except IssuerDownError:
            return ()
        return (f"{parts.scheme}://{parts.netloc}",) if parts.netloc else ()

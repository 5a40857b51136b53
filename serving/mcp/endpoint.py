"""The tools over HTTP, at `/mcp` of the endpoint: behind its keys and rate limits, for the assistants of the key."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.routing import Route

from serving.answers import groups_of
from serving.assistants import Assistants, ServedAssistant
from serving.conditions import Conditions
from serving.counted import answer_of
from serving.mcp.tools import tool_server

PATH = "/mcp"


class RequestDesk:
    """Does what the tools ask for as the caller of a request may."""

    def __init__(self, request: Request, assistants: Assistants, conditions: Conditions) -> None:
        self._request = request
        self._assistants = assistants
        self._conditions = conditions

    async def ask(self, question: str, where: list[str], assistant: str | None) -> dict[str, Any]:
        """As :class:`~serving.mcp.tools.Desk`."""
        messages = [{"role": "user", "content": question}]
        try:
            allowed, chosen = self._conditions.allowed(where), self._chosen(assistant)
            answer = await answer_of(chosen.answers.events(self._request, PATH, messages, allowed))
        except HTTPException as error:
            raise ToolError(str(error.detail)) from None
        if answer is None:
            raise ToolError("The caller left before the answer was there.")
        return answer

    async def search(self, query: str, where: list[str], assistant: str | None) -> list[dict[str, Any]]:
        """As :class:`~serving.mcp.tools.Desk`."""
        try:
            allowed, chosen = self._conditions.allowed(where), self._chosen(assistant)
            passages: list[dict[str, Any]] = await chosen.looked_up(
                {"search": query, "where": allowed, "groups": groups_of(self._request)}
            )
        except HTTPException as error:
            raise ToolError(str(error.detail)) from None
        return passages

    async def documents(self, assistant: str | None) -> list[dict[str, str]]:
        """As :class:`~serving.mcp.tools.Desk`."""
        try:
            asked = {"documents": True, "groups": groups_of(self._request)}
            documents: list[dict[str, str]] = await self._chosen(assistant).looked_up(asked)
        except HTTPException as error:
            raise ToolError(str(error.detail)) from None
        return documents

    def _chosen(self, assistant: str | None) -> ServedAssistant:
        return self._assistants.chosen(self._request, assistant)


def add_mcp(app: FastAPI, assistants: Assistants, conditions: Conditions, *, largest_body: int) -> None:
    """`POST /mcp`. Each request stands by itself, so that any replica may take it; there is no stream to listen to."""

    def desk_of(context: Any) -> RequestDesk:
        return RequestDesk(context.request_context.request, assistants, conditions)

    manager = StreamableHTTPSessionManager(
        tool_server(desk_of)._lowlevel_server,  # noqa: SLF001  (its own app cannot live within another)
        json_response=True,
        stateless=True,
        security_settings=TransportSecuritySettings(enable_dns_rebinding_protection=False),  # access control does it
        max_request_body_size=largest_body,
    )
    inner = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Any]:
        async with manager.run(), inner(served) as state:
            yield state

    app.router.lifespan_context = lifespan
    app.router.routes.append(Route(PATH, StreamableHTTPASGIApp(manager), methods=["POST"]))

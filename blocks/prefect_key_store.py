"""``PrefectKeyStore``: the list of API keys in a block of the Prefect server."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tasks_lib.config.key_store import KeyStore, Result
from tasks_lib.config.stored_key import StoredKey, read_from, written
from tasks_lib.errors import ConfigurationError, KeysAwayError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.objects import BlockDocument

FIELD = "keys"
CALL_SECONDS = 5.0
LEASE_SECONDS = 60.0
"""After which Prefect lets others write if a writer was killed; it takes no less."""
LOCK_SECONDS = 90.0
LOOK_SECONDS = 0.2


class PrefectKeyStore(KeyStore):
    """The keys of a saved block. Writers wait for each other at a concurrency limit of the server.

    :param block_type: Slug of the block's type.
    :param name: Name of the block's document.
    """

    def __init__(self, block_type: str, name: str) -> None:
        self._type, self._name = block_type, name

    @property
    def place(self) -> str:
        """The block."""
        return f"the block {self._type}/{self._name}"

    def stamp(self) -> str:
        """When the block was changed last."""
        return str(self._document(secrets=False).updated)

    def read(self) -> list[StoredKey]:
        """The keys of the block; none of one that was just made."""
        return self._keys(self._document())

    def changing(self, change: Callable[[list[StoredKey]], Result]) -> Result:
        """As :meth:`KeyStore.changing`, while nobody else may write."""
        from prefect.client.schemas.actions import BlockDocumentUpdate

        with self._client() as client, self._alone(client):
            document = self._document()
            keys = self._keys(document)
            result = change(keys)
            update = BlockDocumentUpdate(data={FIELD: written(keys)}, merge_existing_data=True)
            client.update_block_document(document.id, update)
        return result

    def _keys(self, document: "BlockDocument") -> list[StoredKey]:
        hint = "Empty the field of the block in the Prefect UI, and make keys anew with `llmops keys create NAME`."
        text = document.data.get(FIELD) or ""
        return read_from(str(text), self.place, hint=hint) if text else []

    def _document(self, *, secrets: bool = True) -> "BlockDocument":
        from prefect.exceptions import ObjectNotFound

        with self._client() as client:
            try:
                return client.read_block_document_by_name(self._name, self._type, include_secrets=secrets)
            except ObjectNotFound:
                raise ConfigurationError(
                    f"{self.place} does not exist any more", hint="Save it again, and make keys anew."
                ) from None

    @contextmanager
    def _client(self) -> "Iterator[SyncPrefectClient]":
        """A client that nobody else has: the endpoint asks in threads, and in a process that was forked."""
        import httpx
        from prefect.client.orchestration import get_client

        try:
            with get_client(sync_client=True, httpx_settings={"timeout": CALL_SECONDS}) as client:
                yield client
        except httpx.HTTPError as error:
            raise KeysAwayError(
                f"{self.place} cannot be used: {type(error).__name__}: {error}",
                hint="Start the Prefect server, or correct PREFECT_API_URL.",
            ) from None

    @contextmanager
    def _alone(self, client: "SyncPrefectClient") -> Iterator[None]:
        limit = f"llmops-keys-{self._name}"
        ends = time.monotonic() + LOCK_SECONDS
        while (lease := _lease(client, limit)) is None:
            _ensure_limit(client, limit)
            if time.monotonic() > ends:
                raise ConfigurationError(
                    f"somebody else has been changing {self.place} for {LOCK_SECONDS:.0f} s",
                    hint="Wait for them, then run the command again; of a server that has died meanwhile, "
                    f"`prefect gcl update {limit} --active-slots 0` frees it.",
                )
            time.sleep(LOOK_SECONDS)
        try:
            yield
        finally:
            client.release_concurrency_slots_with_lease(lease)


def _ensure_limit(client: "SyncPrefectClient", name: str) -> None:
    from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
    from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

    try:
        client.read_global_concurrency_limit_by_name(name)
    except ObjectNotFound:
        try:
            client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
        except ObjectAlreadyExists:  # by another writer, just now
            return


def _lease(client: "SyncPrefectClient", limit: str) -> Any:
    """Id of a lease of the one slot; `None` while another writer has it."""
    import httpx

    try:
        answer = client.increment_concurrency_slots_with_lease(
            names=[limit], slots=1, mode="concurrency", lease_duration=LEASE_SECONDS
        )
    except httpx.HTTPStatusError as error:
        if error.response.status_code == httpx.codes.LOCKED:
            return None
        raise
    taken = answer.json()
    return taken["lease_id"] if taken["limits"] else None  # else somebody has deleted the limit

"""``AwsKeyStore``: the list of API keys in a secret of AWS Secrets Manager."""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tasks_lib.assistant.providers.redact import redact
from tasks_lib.config.key_store import KeyStore, Result
from tasks_lib.config.stored_key import StoredKey, read_from, written
from tasks_lib.errors import ConfigurationError, KeysAwayError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

CLIENT = {"connect_timeout": 3, "read_timeout": 5, "retries": {"total_max_attempts": 2, "mode": "standard"}}
"""Options of botocore's `Config`."""
CURRENT = "AWSCURRENT"
PENDING = "LLMOPS_PENDING"
"""Staging label of a list until it is the current one. One label for all writers: those that were killed leave none."""
ATTEMPTS = 20
GONE = {"ResourceNotFoundException", "InvalidRequestException"}
"""Codes of a secret that does not exist or is to be deleted."""


class AwsKeyStore(KeyStore):
    """The keys of a secret. A list becomes the current version only if the one that it was made from still is.

    :param secret: Name or ARN.
    :param named_by: What names it, such as a block's slug, as people are told.
    :param make_client: Makes the boto3 client of Secrets Manager.
    :param hidden: What no error may show.
    """

    def __init__(
        self, secret: str, named_by: str, make_client: Callable[[], Any], *, hidden: Collection[str] = ()
    ) -> None:
        self._secret, self._named_by = secret, named_by
        self._make_client, self._hidden = make_client, tuple(hidden)
        self._made: tuple[int, Any] | None = None

    @property
    def place(self) -> str:
        """The secret."""
        return f"the AWS secret {self._secret!r} ({self._named_by})"

    def stamp(self) -> str | None:
        """Id of the current version; `None` of a secret without one."""
        with self._errors():
            found = self._client().describe_secret(SecretId=self._secret)
        if found.get("DeletedDate"):  # it can be described, and brought back, for some days
            raise self._gone("it is to be deleted")
        stages = found.get("VersionIdsToStages", {})
        return next((str(version) for version, labels in stages.items() if CURRENT in labels), None)

    def read(self) -> list[StoredKey]:
        """The keys of the current version; none where there is none."""
        return self._version(self.stamp())

    def changing(self, change: Callable[[list[StoredKey]], Result]) -> Result:
        """As :meth:`KeyStore.changing`; made once more from what somebody else has written meanwhile."""
        for _ in range(ATTEMPTS):
            before = self.stamp()
            keys = self._version(before)
            result = change(keys)
            if self._replaced(before, written(keys)):
                return result
        raise ConfigurationError(
            f"somebody else keeps changing {self.place}: {ATTEMPTS} attempts were overtaken",
            hint="Wait for them, then run the command again.",
        )

    def _version(self, version: str | None) -> list[StoredKey]:
        if version is None:
            return []
        with self._errors():
            answer = self._client().get_secret_value(SecretId=self._secret, VersionId=version)
        hint = "Store an earlier version of it again, or `{}`, and make keys anew with `llmops keys create NAME`."
        return read_from(str(answer.get("SecretString") or ""), self.place, hint=hint)

    def _replaced(self, before: str | None, text: str) -> bool:
        """Whether the text is the current version now, which it becomes only in the place of `before`."""
        from botocore.exceptions import ClientError

        client = self._client()
        with self._errors():
            put = client.put_secret_value(SecretId=self._secret, SecretString=text, VersionStages=[PENDING])
            if CURRENT in put["VersionStages"]:  # the first version of all
                return True
            if before is None:
                return False
            try:
                client.update_secret_version_stage(
                    SecretId=self._secret,
                    VersionStage=CURRENT,
                    RemoveFromVersionId=before,
                    MoveToVersionId=put["VersionId"],
                )
            except ClientError as error:
                if _code(error) == "InvalidParameterException":  # it is not the current one any more
                    return False
                raise
        return True

    def _client(self) -> Any:
        """One for each process: a connection that a child has taken over would be used by both."""
        if self._made is None or self._made[0] != os.getpid():
            self._made = os.getpid(), self._make_client()
        return self._made[1]

    def _gone(self, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self.place} does not exist: {why}",
            hint="Make it with `aws secretsmanager create-secret --name NAME --secret-string '{}'`, or correct the "
            "name, the region or the account.",
        )

    @contextmanager
    def _errors(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

        try:
            yield
        except NoRegionError:
            raise ConfigurationError(
                f"{self.place} is in no region", hint="Set AWS_REGION, or the region of the AWS credentials."
            ) from None
        except (BotoCoreError, ClientError) as error:
            detail = redact(str(error), self._hidden)
            if isinstance(error, ClientError) and _code(error) in GONE:
                raise self._gone(detail) from None
            raise KeysAwayError(
                f"{self.place} cannot be used: {detail}",
                hint="Check network and credentials, and that they may call DescribeSecret and GetSecretValue; to "
                "change keys PutSecretValue and UpdateSecretVersionStage as well.",
            ) from None


def _code(error: "ClientError") -> str:
    return str(error.response.get("Error", {}).get("Code", ""))

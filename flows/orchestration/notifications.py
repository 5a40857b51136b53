"""Notifications that automations send, and the block that sends them: Slack, email, a webhook, or another."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.events.actions import ActionTypes, CallWebhook, SendNotification
from prefect.exceptions import ObjectNotFound

from tasks_lib.errors import ConfigurationError

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

WEBHOOK = "webhook"
VERSION_EVENTS = {
    "llmops.deployment.rejected",
    "llmops.deployment.undecided",
    "llmops.deployment.rolled-back",
    "llmops.production.degraded",
    "llmops.serving.switch-failed",
    "llmops.documents.held",
    "llmops.documents.rolled-back",
}
"""Events that a person may have to act on."""


@dataclass(frozen=True)
class Message:
    """Templates, which Prefect renders with the event and, for events of a run, the run and its flow."""

    subject: str
    body: str


DRIFTED = Message(
    "Drift in {{ event.resource.name }}",
    "{{ event.payload.metric }} of version {{ event.payload.version }} changed by {{ event.payload.size }}. "
    "Report: {{ event.payload.report }}",
)
VERSION = Message(
    "{{ event.event }}: {{ event.resource.name }}",
    "{{ event.payload.reasons | join('; ') }}",
)
WAITS = Message(
    "{{ flow_run.name }} waits for you",
    "Read the report, and press Resume: {{ flow_run | ui_url }}",
)
FAILED = Message(
    "{{ flow.name }} failed",
    "Run {{ flow_run.name }} of {{ flow.name }}: {{ flow_run.state.message }} {{ flow_run | ui_url }}",
)
GIVEN_UP = Message(
    "{{ flow.name }} is given up",
    "Run {{ flow_run.name }} of {{ flow.name }} crashed and does not begin again. {{ flow_run | ui_url }}",
)


@dataclass(frozen=True)
class Notifier:
    """A saved block that can send notifications."""

    kind: str
    id: UUID

    @classmethod
    def named(cls, client: "SyncPrefectClient", slug: str) -> "Notifier":
        """The block behind a slug such as `slack-webhook/ops`, `sendgrid-email/ops` or `webhook/ops`.

        :raises ConfigurationError: If there is none, or it cannot notify.
        """
        kind, _, name = slug.partition("/")
        try:
            document = client.read_block_document_by_name(name, kind, include_secrets=False)
        except ObjectNotFound:
            raise ConfigurationError(
                f"--notify names the block {slug!r}, which does not exist",
                hint="Save it in the Prefect UI under Blocks, and name it as block-type/name.",
            ) from None
        abilities = document.block_schema.capabilities if document.block_schema else []
        if kind != WEBHOOK and "notify" not in abilities:
            raise ConfigurationError(
                f"--notify names the block {slug!r}, which cannot notify",
                hint="Name a block such as slack-webhook/…, sendgrid-email/…, custom-webhook/… or webhook/….",
            )
        return cls(kind, document.id)

    def action(self, message: Message) -> ActionTypes:
        """The action that sends `message`; a webhook gets JSON with the key `text`, as Slack and Teams take it."""
        if self.kind == WEBHOOK:
            text = f"{{% set text %}}{message.subject}\n{message.body}{{% endset %}}"
            return CallWebhook(block_document_id=self.id, payload=text + '{"text": {{ text | tojson }}}')
        return SendNotification(block_document_id=self.id, subject=message.subject, body=message.body)

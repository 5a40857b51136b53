"""What the assistant says of itself, in the language of the question.

A text that a configuration gives is said as it is; only the defaults are translated.
"""

from collections.abc import Mapping

from tasks_lib.config.guardrails import GuardrailsConfig
from tasks_lib.config.rag import RefusalConfig
from tasks_lib.text.languages import language_of

REFUSALS: Mapping[str, str] = {
    "en": RefusalConfig().text,
    "de": "Das kann ich aus den Dokumenten, die mir vorliegen, nicht beantworten.",
    "fr": "Je ne peux pas répondre à cela à partir des documents dont je dispose.",
    "es": "No puedo responder a eso con los documentos que tengo.",
    "it": "Non posso rispondere a questo con i documenti che ho.",
    "pt": "Não consigo responder a isso com os documentos que tenho.",
    "nl": "Dat kan ik niet beantwoorden met de documenten die ik heb.",
    "pl": "Nie mogę na to odpowiedzieć na podstawie dokumentów, które mam.",
    "zh": "根据我掌握的文档，我无法回答这个问题。",  # noqa: RUF001
    "ja": "手元の文書からは、その質問にお答えできません。",
}
"""Language (ISO 639-1) → what is said where the documents hold no answer."""

STOPPED: Mapping[str, str] = {
    "en": GuardrailsConfig().message,
    "de": "Dabei kann ich nicht helfen: Die Anfrage oder die Antwort wurde von einer Schutzregel gestoppt.",
    "fr": "Je ne peux pas vous aider : la demande ou la réponse a été arrêtée par une règle de protection.",
    "es": "No puedo ayudar con eso: una regla de protección detuvo la solicitud o la respuesta.",
    "it": "Non posso aiutare: la richiesta o la risposta è stata fermata da una regola di protezione.",
    "pt": "Não posso ajudar com isso: o pedido ou a resposta foi travado por uma regra de proteção.",
    "nl": "Daar kan ik niet bij helpen: de vraag of het antwoord is door een beveiligingsregel tegengehouden.",
    "pl": "Nie mogę w tym pomóc: prośba lub odpowiedź została zatrzymana przez regułę ochronną.",
    "zh": "我无法提供帮助：该请求或回答已被防护规则拦截。",  # noqa: RUF001
    "ja": "お手伝いできません。依頼または回答が保護ルールによって止められました。",
}
"""Language (ISO 639-1) → what is said where a guardrail refuses."""

UNCERTAIN: Mapping[str, str] = {
    "en": RefusalConfig().uncertain_text,
    "de": "Die Dokumente sagen dazu Folgendes:",
    "fr": "Les documents disent ceci à ce sujet :",
    "es": "Los documentos dicen esto al respecto:",
    "it": "I documenti dicono questo al riguardo:",
    "pt": "Os documentos dizem o seguinte sobre isso:",
    "nl": "De documenten zeggen hier het volgende over:",
    "pl": "Dokumenty mówią o tym co następuje:",
    "zh": "文档中与此相关的内容如下：",  # noqa: RUF001
    "ja": "文書にはこのように書かれています。",
}
"""Language (ISO 639-1) → what stands before passages that may not answer."""

SMALL_TALK: Mapping[str, str] = {
    "en": RefusalConfig().small_talk_text,
    "de": "Fragen Sie mich etwas zu den Dokumenten, und ich sehe dort nach.",
    "fr": "Posez-moi une question sur les documents, et j'y chercherai la réponse.",
    "es": "Pregúnteme algo sobre los documentos y lo buscaré allí.",
    "it": "Mi chieda qualcosa sui documenti e cercherò lì.",
    "pt": "Pergunte-me algo sobre os documentos, e vou procurar lá.",
    "nl": "Vraag me iets over de documenten, dan zoek ik het daar op.",
    "pl": "Zapytaj mnie o coś z dokumentów, a poszukam tam odpowiedzi.",
    "zh": "请问我有关文档的问题，我会在其中查找。",  # noqa: RUF001
    "ja": "文書について質問してください。そこで調べます。",
}
"""Language (ISO 639-1) → what is said to a greeting."""

_DEFAULTS = {table["en"]: table for table in (REFUSALS, STOPPED, UNCERTAIN, SMALL_TALK)}


def said_to(question: str, text: str) -> str:
    """`text` as it is said to who asked `question`: in its language, if it is one of the defaults and translated."""
    table = _DEFAULTS.get(text)
    return text if table is None else table.get(language_of(question) or "en", text)

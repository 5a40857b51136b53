"""What the assistant says of itself, in the language of the question.

A text that a configuration gives is said as it is; only the defaults are translated.
"""
# ruff: noqa: RUF001 - texts in many scripts

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
    "zh": "根据我掌握的文档，我无法回答这个问题。",
    "ja": "手元の文書からは、その質問にお答えできません。",
    "tr": "Elimdeki belgelere dayanarak bu soruyu yanıtlayamıyorum.",
    "vi": "Tôi không thể trả lời câu hỏi này dựa trên các tài liệu mà tôi có.",
    "ar": "لا أستطيع الإجابة عن هذا السؤال من الوثائق المتوفرة لدي.",
    "he": "אינני יכול לענות על כך מתוך המסמכים שברשותי.",
    "hi": "मेरे पास जो दस्तावेज़ हैं, उनके आधार पर मैं इसका उत्तर नहीं दे सकता।",
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
    "zh": "我无法提供帮助：该请求或回答已被防护规则拦截。",
    "ja": "お手伝いできません。依頼または回答が保護ルールによって止められました。",
    "tr": "Bu konuda yardımcı olamam: istek veya yanıt bir koruma kuralı tarafından durduruldu.",
    "vi": "Tôi không thể giúp việc này: yêu cầu hoặc câu trả lời đã bị một quy tắc bảo vệ chặn lại.",
    "ar": "لا أستطيع المساعدة في ذلك: فقد أوقفت قاعدة حماية الطلب أو الإجابة.",
    "he": "אינני יכול לעזור בכך: כלל הגנה עצר את הבקשה או את התשובה.",
    "hi": "मैं इसमें मदद नहीं कर सकता: अनुरोध या उत्तर को एक सुरक्षा नियम ने रोक दिया।",
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
    "zh": "文档中与此相关的内容如下：",
    "ja": "文書にはこのように書かれています。",
    "tr": "Belgeler bu konuda şunları söylüyor:",
    "vi": "Các tài liệu nói như sau về điều này:",
    "ar": "تقول الوثائق ما يلي عن ذلك:",
    "he": "המסמכים אומרים על כך את הדברים הבאים:",
    "hi": "दस्तावेज़ इस बारे में यह कहते हैं:",
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
    "zh": "请问我有关文档的问题，我会在其中查找。",
    "ja": "文書について質問してください。そこで調べます。",
    "tr": "Bana belgeler hakkında bir şey sorun, oraya bakayım.",
    "vi": "Hãy hỏi tôi điều gì đó về các tài liệu, tôi sẽ tìm trong đó.",
    "ar": "اسألني عن شيء في الوثائق وسأبحث عنه فيها.",
    "he": "שאלו אותי משהו על המסמכים ואחפש בהם.",
    "hi": "मुझसे दस्तावेज़ों के बारे में कुछ पूछिए, मैं उनमें देखूँगा।",
}
"""Language (ISO 639-1) → what is said to a greeting."""

_DEFAULTS = {table["en"]: table for table in (REFUSALS, STOPPED, UNCERTAIN, SMALL_TALK)}


def said_to(question: str, text: str) -> str:
    """`text` as it is said to who asked `question`: in its language, if it is one of the defaults and translated."""
    table = _DEFAULTS.get(text)
    return text if table is None else table.get(language_of(question) or "en", text)

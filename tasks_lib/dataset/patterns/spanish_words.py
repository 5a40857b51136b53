"""Spanish words and patterns by which the parts of a sentence are told."""

import re

from tasks_lib.text.words import listed

MONTH = r"(?:enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre)"
TIME = re.compile(
    rf"(?<!\w)(?<!desde )(?<!hasta )(?<!de )(?:[Ee]n (?:el año )?\d{{4}}|[Ee]l \d{{1,2}} de {MONTH}(?: de \d{{4}})?|"
    rf"[Ee]n {MONTH} de \d{{4}})(?![\w-])(?! \w+[aei]d[oa]s?\b)"
)
NUMBER = (
    r"(?:\d{1,3}(?:[.,]\d+)*(?: (?:millones|mil)(?: de)?)?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|once|doce|"
    r"quince|veinte|treinta|cincuenta|cien)"
)
AMOUNT = re.compile(
    rf"(?<![\w.,])(?P<about>(?:(?:unos|unas|más de|menos de|casi|cerca de|aproximadamente|alrededor de|solo|los|las) "
    rf")*)"
    rf"(?P<number>{NUMBER}) (?P<noun>[a-záéíóúñ]{{3,}}(?:as|os|es))(?!\w)"
)
PERCENT = re.compile(r"(?<!\w)(?P<article>[Ee]l )(?P<number>\d+(?:[.,]\d+)?) ?%(?= de )")
FEMININE = re.compile(r"(?:as|iones|dades|tades|umbres|ces)$")
UNSURE = re.compile(r"(?:[^aeo]es|ores|eres)$")
VERBS = frozenset(
    listed(
        "usa usan llama llaman instalaba suele suelen ejecuta administra considera consideran recibe reciben muestra "
        "muestran juega juegan trabaja trabajan lleva llevan alberga albergan conecta controla controlan convierte "
        "aumenta disminuye crea crean mantiene mantienen surge surgen ayuda ayudan indica indican sugiere sugieren "
        "afirma afirman encuentra encuentran fluye rodea apoya apoyan respeta enseña estudia estudian determina elige "
        "consiste consisten depende pertenece pertenecen procede proviene comprenden ofrecen permiten requieren "
        "utilizan "
        "produce producen protege regula causa causan provoca provocan define describe genera generan condujo llevó "
        "es fue son fueron era eran ha han había habían tiene tienen tuvo tuvieron puede pueden pudo pudieron está "
        "están estaba estaban debe deben hizo hicieron incluye incluyen contiene contienen consta comprende cuenta "
        "sigue siguen existe existen vive viven forma forman representa representan ocupa ocupan limita ofrece dio "
        "obtuvo produjo murió nació perdió ganó recibió dijo quiso puso vino trajo supo permite requiere utiliza sirve"
    )
)
PAST = re.compile(r"[a-záéíóúñ]{2,}(?:ó|aron|ieron|yeron)")
POINTING = frozenset(
    listed(
        "él ella ellos ellas esto esta este estos estas ese esa esos esas eso aquel aquella aquellos aquellas allí ahí "
        "aquí dicho dicha dichos dichas ambos ambas nosotros usted ustedes yo tú lo le les"
    )
)
FIRST_ONLY = frozenset(
    listed(
        "su sus pero y o se que aunque como cuando si porque mientras después luego así además también otro otra otros "
        "otras tal tales primero entonces sin no ya"
    )
)
PASSING = frozenset(listed("además también respectivamente entonces"))
"""Words that tie a sentence to the one before, and are left out of its question."""
ARTICLES = frozenset(
    listed("El La Los Las Un Una Unos Unas Algunos Algunas Muchos Muchas Varios Varias Cada Más Casi Todos Todas")
)
PREPOSITIONS = frozenset(listed("en a al con por para de del desde durante según tras ante bajo entre hacia hasta sin"))
MAKERS = frozenset(
    listed(
        "fundó descubrió inventó escribió ganó dirigió gobernó construyó desarrolló creó compuso pintó publicó derrotó "
        "conquistó firmó propuso estableció recibió lideró inauguró diseñó introdujo interpretó cantó"
    )
)
CLAUSES = frozenset(
    listed(
        "que quien quienes donde lo aunque mientras pero y con como debido porque cuando incluyendo incluidos incluida "
        "siendo o ni e dando una un el la los las seguida tanto especialmente después antes excepto así sino según "
        "por para tras dejando seguido"
    )
)
OBJECT_ARTICLES = frozenset(listed("el la los las un una varios varias numerosos numerosas"))
LONGEST_OBJECT = 12
BY_PREPOSITION = {
    ("se_encuentra", "en"): "Dónde",
    ("se_encuentran", "en"): "Dónde",
    ("se_ubica", "en"): "Dónde",
    ("se_encontraba", "en"): "Dónde",
    ("se_basa", "en"): "En qué",
    ("se_basan", "en"): "En qué",
    ("se_compone", "de"): "De qué",
    ("se_divide", "en"): "En qué",
    ("se_convirtió", "en"): "En qué",
    ("se_dedica", "a"): "A qué",
    ("se_refiere", "a"): "A qué",
    ("consta", "de"): "De qué",
    ("consiste", "en"): "En qué",
    ("consisten", "en"): "En qué",
    ("depende", "de"): "De qué",
    ("pertenece", "a"): "A qué",
    ("pertenecen", "a"): "A qué",
    ("procede", "de"): "De dónde",
    ("proviene", "de"): "De dónde",
    ("sirve", "para"): "Para qué",
    ("sirven", "para"): "Para qué",
    ("condujo", "a"): "A qué",
    ("vive", "en"): "Dónde",
    ("viven", "en"): "Dónde",
    ("está", "en"): "Dónde",
    ("nació", "en"): "Dónde",
    ("murió", "en"): "Dónde",
}
TRANSITIVE = frozenset(
    listed(
        "incluye incluyen contiene contienen comprende comprenden ofrece ofrecen permite permiten requiere requieren "
        "utiliza utilizan produce producen forma forman representa representan ocupa protege regula causa causan "
        "provoca provocan define describe genera generan usa usan alberga albergan recibe reciben muestra muestran "
        "estudia estudian administra ejecuta controla controlan apoya respeta crea crean"
    )
)
MAY_STAND_BEFORE = frozenset(listed("aproximadamente unos unas actualmente también solo casi hoy"))
ADJUNCT = re.compile(
    r"^(?:En|Según|Durante|Con|Por|Para|Tras|Bajo|Desde|Sin|Además|Asimismo|Actualmente|Hoy|Aunque|Antes|Después|"
    r"Dentro|"
    r"Entre|Sobre|Como|Debido|Gracias|Normalmente|Generalmente|Finalmente)\b[^,\d]{0,70}, (?=[a-záéíóúñA-ZÁÉÍÓÚÑ])"
)
"""What stands in front of a main clause and is not needed to ask about it."""
NOT_BEFORE_A_VERB = frozenset(
    listed("que se no quien donde y como la el los las un una su sus de del o en me nos lo le les")
)
DONE = re.compile(r"\w+(?:ado|ido|ada|ida|ados|idos|adas|idas|cho|to|ta|tos|tas)\b")
_GENERIC_NOUNS = listed(
    "ciudad región universidad isla zona colección empresa banda serie río lago película edificio país grupo museo "
    "partido equipo gobierno obra iglesia escuela organización compañía programa"
)
_ORDINAL = r"(?:primer[oa]?|segund[oa]|tercer[oa]?|siguientes?|últim[oa])"
UNNAMED = re.compile(
    rf"\b(?:el|la|los|las|al|del) (?:{'|'.join(_GENERIC_NOUNS)})"
    r"(?! (?:de|del|en|para|que|más|con|donde|[A-ZÁÉÍÓÚÑ]))(?!\w)|"
    rf"\b{_ORDINAL}(?: (?:escala|grupo|parte|caso|método|líneas?))?[?]|"
    rf"\b(?:las?|los?) {_ORDINAL}\b|\bun {_ORDINAL} tipo\b"
)
"""A thing that only an earlier sentence names, unless what follows says which one it is."""
GENERIC = frozenset(
    listed(
        "ciudad región universidad isla zona colección empresa banda serie río lago película obra edificio país grupo"
    )
)
LONG_ENOUGH = 12
"""Words of a sentence that say what its vague subject is."""
ENDS_NOTHING = frozenset(listed("y o e de del la el los las en a un una que con por para su sus más"))
LEAST, MOST = 5, 32
LONGEST_SUBJECT = 9

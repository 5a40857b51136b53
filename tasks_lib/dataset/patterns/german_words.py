"""German words and patterns by which the parts of a sentence are told."""

import re

from tasks_lib.text.words import listed

MONTH = r"(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)"
DATE = rf"(?:\d{{1,2}}\. {MONTH}(?: \d{{4}})?|{MONTH} \d{{4}})"
TIME = re.compile(
    rf"(?P<phrase>(?P<prep>[Ss]eit (?:dem )?|[Bb]is (?:zum )?|[Aa]b (?:dem )?)?(?:[Ii]m Jahre? \d{{4}}|[Aa]m {DATE}|"
    rf"[Ii]m {MONTH}(?: \d{{4}})?|(?<=[Ss]eit )(?:dem )?(?:{DATE}|\d{{4}})|"
    rf"(?<=[Aa]b )(?:dem )?(?:{DATE}|\d{{4}})|(?<=[Bb]is )(?:zum )?(?:{DATE}|\d{{4}})|"
    rf"(?:[Zz]wischen|[Vv]on) \d{{4}} (?:und|bis) \d{{4}}|(?<!Jahr )(?<!Jahre )(?<!nach )(?<!vor )(?<!von )(?<!um "
    rf")(?<!bis )(?<!gegen )(?<!aus )\d{{4}}(?= (?!als|bis|und)[a-zäöüß]+(?: [a-zäöü]|$))))(?![\w.])"
)
BIG = listed("zwei drei vier fünf sechs sieben acht neun zehn elf zwölf fünfzehn zwanzig dreißig fünfzig hundert")
AMOUNT = re.compile(
    rf"(?<![\w.,])(?P<about>(?:(?:etwa|rund|über|fast|nur|insgesamt|ungefähr|circa|ca\.|mindestens|höchstens|mehr als|"
    rf"weniger als|bis zu|knapp|weitere) )*)(?P<number>\d{{1,3}}(?:[.,]\d+)*(?: (?:Millionen|Milliarden|Tausend))?|"
    rf"{'|'.join(BIG)})(?: (?P<adjective>[a-zäöüß]+(?:e|en|er)))? (?P<noun>[A-ZÄÖÜ][a-zäöüß-]+)(?![\w.])"
)
MASS = frozenset(listed("Prozent Euro Dollar US-Dollar Kilometer Quadratkilometer Meter Grad Tonnen Liter Kilogramm"))
NO_NOUN = frozenset(listed("Jahrhundert Jahrhunderts Uhr Mal Art Arten Millionen Milliarden Tausend Mio Mrd")) | {
    *listed("Januar Februar März April Mai Juni Juli August September Oktober November Dezember")
}
PREPOSITIONS = frozenset(
    listed(
        "in im an am auf aus bei beim mit nach von vom vor zu zum zur für durch gegen ohne um über unter zwischen "
        "neben "
        "hinter seit bis ab während wegen trotz laut gemäß aufgrund angesichts nahe entlang statt anstatt bezüglich "
        "wenn "
        "obwohl weil da nachdem bevor sobald um dass innerhalb außerhalb als wie und oder sowie sondern aber auch "
        "nicht nur"
    )
)
DATIVE = frozenset(listed("in an auf aus bei mit nach von vor zu seit"))
VERBS = frozenset(
    listed(
        "ist war sind waren wird wurde werden wurden hat hatte haben hatten kann konnte können konnten muss musste "
        "müssen mussten soll sollte sollen sollten darf durfte dürfen durften will wollte wollen wollten liegt lag "
        "liegen lagen gibt gab geben gaben kommt kam kommen kamen geht ging gehen gingen steht stand stehen standen "
        "besteht bestand bestehen bestanden enthält enthielt enthalten bildet begann beginnt begannen endet starb "
        "lebt leben fand finden fanden findet nahm nahmen nimmt trat traten tritt erhielt erhielten erhält erhalten "
        "verlor verloren gewann gewannen gilt galt gelten galten umfasst umfassen entstand entstanden entsteht schrieb "
        "schuf schufen baut bezieht befindet befand befinden befanden bezeichnet verläuft verlief fällt fiel fielen "
        "fließt trägt trug tragen trugen zeigt zeigen führt führen dient dienen gehört gehören verfügt verfügen "
        "betrug beträgt betragen beträgt stieg stiegen steigt sank sanken sinkt blieb blieben bleibt hält hielt "
        "hielten läuft lief spricht sprach schlug schlugen zog zogen zieht wuchs wuchsen wächst erfand entdeckt "
        "bekam bekamen bekommt ließ ließen lässt rief riefen heißt hieß erschien erschienen erscheint übernahm "
        "verließ verließen beschloss beschlossen erkannte unterschied unterscheidet bietet bot boten empfing "
        "sieht sah sahen nennt brachte brachten bringt dauert kostet kosten zählt zählen reicht stammt stammen "
        "nutzt nutzen verbindet verwendet produziert produzieren regelt schützt entscheidet"
    )
)
PARTICIPLE = re.compile(r"(?:an|ab|auf|aus|ein|vor|zu|nach|mit|bei|her|um)?ge[a-zäöüß]{3,}te[nrms]?")
_GENERIC_NOUNS = listed(
    "Stadt Region Insel Gegend Museums? Gebäudes? Gebiete?s? Untergebiete?s? Gruppe Serie Universität Unternehmens? "
    "Firma Flusse?s? Films? Spiele?s? Teams? Mannschaft Börse Kirche Schule Sammlung Stücke?s? Objekte?s? Band Partei "
    "Regierung Projekte?s? Sees? Brücke Pier Titels? Angebote?s? Gesellschaft Organisation"
)
GENERIC = re.compile(
    r"\b(?:[Dd](?:er|ie|as|es|em|en)|[IiAa]m|[Zz]u[mr]|[Vv]om|[Bb]eim)(?: [a-zäöüß]+e[nrs]?)* "
    rf"(?:{'|'.join(_GENERIC_NOUNS)})(?! (?:des|der|von|vom|für|in|im|am|an|bei|zu|zur|zum|mit|aus|[A-ZÄÖÜ]))(?![\w-])"
)
"""A thing that only an earlier sentence names, unless what follows says which one it is."""
SOME = re.compile(r"(?:eine[rsn]?|manche|einige) (?:von|der|des)\b")
"""`einer von mehreren`: neither a subject nor an answer that names something."""
FOR = re.compile(r"(?:für|seit|bis|ab|als|wie)$")
"""Before a year, it says what the year is of, or a second time."""
DEFINITE_OR_NOT = frozenset(listed("der die das ein eine den dem"))
PAST = re.compile(r"[a-zäöüß]{3,}(?:te|ten)")
PRESENT = re.compile(r"[a-zäöüß]{3,}t")
OPENS_PHRASE = frozenset(
    listed(
        "der die das den dem des ein eine einen einem einer sich in im an am auf aus bei mit nach von vom zu zum zur "
        "für "
        "durch gegen um über unter zwischen seit bis keine keinen sein seine seinen ihr ihre ihren alle viele mehr"
    )
)
NOT_VERBS = frozenset(
    listed("heute gute beste letzte erste zweite dritte weite seite bekannte genannte hinten unten bekannten genannten")
)
POINTING = frozenset(
    listed(
        "er es sie ihn ihm ihnen dies diese dieser dieses diesem diesen jene jener jenes dort hier letztere erstere "
        "derselbe dieselbe beides heutzutage man wir uns unser unsere ich du dessen solche solcher dabei davon darin "
        "darauf daraus damit "
        "dafür dazu dagegen hierbei hiervon vorherigen vorgenannten obigen selbst genannten beide beiden"
    )
)
"""Words that need an earlier sentence wherever they stand."""
FIRST_ONLY = frozenset(
    listed(
        "ihr ihre ihren ihrem ihrer sein seine seinen seinem seiner und aber doch oder denn auch so daher deshalb "
        "deswegen jedoch außerdem danach darüber somit zudem ferner andere anderen dann sonst ebenfalls allerdings "
        "dennoch trotzdem folglich schließlich also damals hingegen stattdessen daraufhin weitere weiterhin jeder"
    )
)
PASSING = frozenset(listed("jedoch außerdem zudem also allerdings dennoch trotzdem ebenfalls auch dann schließlich"))
"""Words that tie a sentence to the one before, and are left out of its question."""
DEFINITE = frozenset(listed("der die das des dem den"))
HAVE = frozenset(listed("hat hatte hatten haben"))
MAY_STAND_BEFORE = frozenset(listed("heute derzeit jährlich insgesamt etwa rund über bereits noch dort auch sich"))
MAKERS = frozenset(
    listed(
        "entdeckte erfand schrieb gründete gewann leitete regierte führte baute entwickelte schuf komponierte malte "
        "verfasste besiegte eroberte unterzeichnete übernahm veröffentlichte errichtete erhielt verlor eröffnete"
    )
)
ADVERBS = ("lich", "weise", "ig", "st", "als", "falls", "dem", "ommen", "her", "hin", "dings", "end", "lang", "zeit")
CLAUSES = frozenset(
    listed(
        "der die das den dem deren dessen wobei während obwohl weil da dass wie was um sodass wo wodurch womit nachdem "
        "bevor als wenn aber sondern sowie ein eine einem einer einen welche welcher welches darunter einschließlich "
        "nämlich indem"
    )
)
MANY_PARTS = re.compile(r"[,:–()«»—]|„[^“]*$|^[^\"]*\"[^\"]*$|\b(?:[A-Z]|[IVX]+|\d{1,2}|Mio|Mrd|ca|bzw|z|St|Dr)$")
NO_PLACE = re.compile(
    r"\b(?:Jahr|Jahre|Jahren|Zeit|Zeiten|Jahrhundert|Regel|Folge|Fällen|Fall|Gegensatz|Vergleich|Rahmen|Bezug|Hinblick|"
    r"Zusammenhang|Anschluss|Laufe?|Verlauf|Phase|Mitte|Anfang|Ende|Wirklichkeit|Form|Weise|Tat|Grunde|Allgemeinen|"
    r"anderen|meisten|vielen|einigen|diesen|Zwischenzeit|Wesentlichen|Monat|Tag|Nacht|Woche|Dezember|Januar|Februar|"
    r"März|April|Mai|Juni|Juli|August|September|Oktober|"
    r"November|Jahrzehnt|Saison|Spiel|Praxis|Vergangenheit|Zukunft|Alter|Mittelalter|Durchschnitt|Schnitt|Sinne|"
    r"Wahl|Ebene|Sicht|Hinsicht|Teil|Teilen|Art|Basis|Grundlage)\b|\d"
)
BY_PREPOSITION = {
    ("besteht", "aus"): "Woraus",
    ("bestehen", "aus"): "Woraus",
    ("bestand", "aus"): "Woraus",
    ("gehört", "zu"): "Wozu",
    ("gehören", "zu"): "Wozu",
    ("führt", "zu"): "Wozu",
    ("führte", "zu"): "Wozu",
    ("führten", "zu"): "Wozu",
    ("basiert", "auf"): "Worauf",
    ("basieren", "auf"): "Worauf",
    ("beruht", "auf"): "Worauf",
    ("dient", "als"): "Als was",
    ("dienen", "als"): "Als was",
    ("gilt", "als"): "Als was",
    ("galt", "als"): "Als was",
    ("stammt", "aus"): "Woher",
    ("liegt", "in"): "Wo",
    ("lag", "in"): "Wo",
    ("liegt", "im"): "Wo",
    ("liegt", "an"): "Wo",
}
TRANSITIVE = frozenset(
    listed(
        "umfasst umfassen enthält enthalten bildet bilden bietet bieten verwendet verwenden benötigt erfordert "
        "beschreibt bezeichnet produziert produzieren verbindet regelt schützt betreibt verursacht verhindert umfasste"
    )
)
PASSIVE = frozenset(listed("wird wurde werden wurden ist war sind waren hat hatte haben"))
NAME = r"(?:[A-ZÄÖÜ][\wäöüß.-]+|von|van|de)"
CAUSES = (
    (
        re.compile(
            r"(?<!\w)(?:aufgrund|wegen|infolge) (?:(?!(?:aus|in|im|auf|an|am|von|vom|zu|zum|nach) )\S+ "
            r")+?(?=[a-zäöüß]+(?:t|en)$)"
        ),
        "Weshalb",
        "why",
    ),
    (
        re.compile(
            r"(?<!\w)durch (?:den|die|das|eine?|einen) (?:(?!(?:aus|in|im|auf|an|am|von|vom|zu|zum|nach) )\S+ "
            r")+?(?=[a-zäöüß]+(?:t|en)$)"
        ),
        "Wodurch",
        "what",
    ),
    (re.compile(rf"(?<!\w)(?:von|vom) (?:(?:dem|der|den) )?(?:{NAME} )+(?=[a-zäöüß]+(?:t|en)$)"), "Von wem", "who"),
)
OBJECT_ARTICLES = frozenset(listed("einen ein eine das die keine keinen mehrere zahlreiche"))
NO_OBJECTS = re.compile(r"\S+ (?:Tag|Tage|Monat|Monate|Jahr|Jahre|Woche|Wochen|Stunde|Stunden|Abend|Nacht|Zeit)\b")
PARTICLES = frozenset(
    listed("ab an auf aus ein vor zu nach mit bei her hin weg los zurück fort dar fest um unter durch")
)
LONGEST_OBJECT = 8
LEAST_REST = 4
LONG_ENOUGH = 12
"""Words of a sentence that say what its vague subject is."""
LONGEST_PLACE = 7
LEAST, MOST = 5, 30
"""Words of a sentence."""
LONGEST_SUBJECT = 9
ARTICLES = frozenset(
    listed(
        "Der Die Das Ein Eine Einer Eines Alle Viele Einige Mehrere Jeder Jede Jedes Keine Kein Heutige Moderne "
        "Seine Ihre"
    )
)

"""Generated texts with personal data of many countries, and where it stands: for measuring, not for making rules.

Values come from Faker's providers, phonenumbers and python-stdnum, none from our expressions; sentences are our own. A
number for which Faker has no valid one is drawn at random until python-stdnum takes it.
"""
# ruff: noqa: RUF001 - letters of many scripts

import random
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import NamedTuple

import phonenumbers
from faker import Faker

PER_COUNTRY = 120


class Country(NamedTuple):
    """How to write its texts."""

    locale: str
    region: str
    language: str
    identity: tuple[str, str]
    """Module of python-stdnum, and form of a number: 0 for a digit, A for a letter."""
    tax: tuple[str, str] | None
    sentences: dict[str, tuple[str, ...]]
    """Kind → sentences with `{}` for the value."""


LATIN = {
    "de": {
        "id": ("Meine Sozialversicherungsnummer lautet {}.", "SV-Nummer: {}"),
        "tax": ("Die Steuer-ID von Frau Berg ist {}.", "Steuernummer: {}"),
        "phone": ("Sie erreichen mich telefonisch unter {}.", "Tel.: {}", "Rufen Sie bitte {} an."),
        "address": ("Ich wohne in der {}.", "Lieferanschrift: {}", "Bitte an {} schicken."),
        "iban": ("Überweisen Sie auf {}.", "IBAN {}"),
        "birth": ("Ich bin am {} geboren.", "Geburtsdatum: {}"),
        "plate": ("Das Kennzeichen des Dienstwagens ist {}.", "Parkplatz für {} (Kennzeichen)"),
    },
    "fr": {
        "id": ("Mon numéro de sécurité sociale est {}.", "Numéro national (registre national) : {}"),
        "tax": ("Mon numéro fiscal est le {}.",),
        "phone": ("Vous pouvez m'appeler au {}.", "Tél. : {}", "Mon portable est le {}."),
        "address": ("J'habite au {}.", "Adresse de livraison : {}"),
        "iban": ("Merci de virer sur {}.", "IBAN {}"),
        "birth": ("Je suis né le {}.", "Date de naissance : {}"),
        "plate": ("La plaque de la voiture est {}.", "Immatriculation : {}"),
    },
    "es": {
        "id": ("Mi DNI es {}.", "DNI: {}", "Mi CURP es {}."),
        "tax": ("Mi NIE es {}.", "NIE: {}"),
        "phone": ("Puede llamarme al {}.", "Teléfono: {}", "Mi móvil es el {}."),
        "address": ("Vivo en {}.", "Dirección de entrega: {}"),
        "iban": ("Haga la transferencia a {}.", "IBAN {}"),
        "birth": ("Nací el {}.", "Fecha de nacimiento: {}"),
        "plate": ("La matrícula del coche es {}.",),
    },
    "it": {
        "id": ("Il mio codice fiscale è {}.", "Codice fiscale: {}"),
        "phone": ("Può chiamarmi al {}.", "Tel. {}", "Il mio cellulare è {}."),
        "address": ("Abito in {}.", "Indirizzo di consegna: {}"),
        "iban": ("Bonifico su {}.", "IBAN {}"),
        "birth": ("Sono nata il {}.", "Data di nascita: {}"),
        "plate": ("La targa dell'auto è {}.",),
    },
    "pt": {
        "id": ("O meu NIF é {}.", "Número de contribuinte: {}", "Meu CPF é {}.", "CPF: {}"),
        "phone": ("Pode ligar para {}.", "Telefone: {}", "O meu telemóvel é {}."),
        "address": ("Moro na {}.", "Endereço de entrega: {}"),
        "iban": ("Transfira para {}.", "IBAN {}"),
        "birth": ("Nasci em {}.", "Data de nascimento: {}"),
        "plate": ("A matrícula do carro é {}.", "Placa: {}"),
    },
    "nl": {
        "id": ("Mijn BSN is {}.", "Burgerservicenummer: {}"),
        "phone": ("U kunt mij bellen op {}.", "Telefoon: {}"),
        "address": ("Ik woon op de {}.", "Afleveradres: {}"),
        "iban": ("Maak het over naar {}.", "IBAN {}"),
        "birth": ("Ik ben geboren op {}.", "Geboortedatum: {}"),
        "plate": ("Het kenteken van de auto is {}.",),
    },
    "pl": {
        "id": ("Mój PESEL to {}.", "PESEL: {}"),
        "tax": ("NIP: {}",),
        "phone": ("Proszę dzwonić pod numer {}.", "Telefon: {}"),
        "address": ("Mieszkam przy {}.", "Adres dostawy: {}"),
        "iban": ("Proszę przelać na {}.", "IBAN {}"),
        "birth": ("Urodziłem się {}.", "Data urodzenia: {}"),
        "plate": ("Numer rejestracyjny samochodu to {}.",),
    },
    "cs": {
        "id": ("Moje rodné číslo je {}.", "Rodné číslo: {}"),
        "phone": ("Volejte prosím {}.", "Telefon: {}"),
        "address": ("Bydlím na adrese {}.", "Doručovací adresa: {}"),
        "iban": ("Pošlete to na {}.", "IBAN {}"),
        "birth": ("Narodil jsem se {}.", "Datum narození: {}"),
        "plate": ("SPZ auta je {}.",),
    },
    "sv": {
        "id": ("Mitt personnummer är {}.", "Personnummer: {}"),
        "phone": ("Ring mig på {}.", "Telefon: {}"),
        "address": ("Jag bor på {}.", "Leveransadress: {}"),
        "iban": ("Betala till {}.", "IBAN {}"),
        "birth": ("Jag är född {}.", "Födelsedatum: {}"),
        "plate": ("Bilens registreringsnummer är {}.",),
    },
    "da": {
        "id": ("Mit CPR-nummer er {}.", "CPR-nr.: {}"),
        "phone": ("Ring til mig på {}.", "Telefon: {}"),
        "address": ("Jeg bor på {}.", "Leveringsadresse: {}"),
        "birth": ("Jeg er født den {}.", "Fødselsdato: {}"),
    },
    "no": {
        "id": ("Fødselsnummeret mitt er {}.", "Fødselsnummer: {}"),
        "phone": ("Ring meg på {}.", "Telefon: {}"),
        "address": ("Jeg bor i {}.", "Leveringsadresse: {}"),
        "iban": ("Betal til {}.", "IBAN {}"),
        "birth": ("Jeg er født {}.", "Fødselsdato: {}"),
    },
    "ro": {
        "id": ("CNP-ul meu este {}.", "CNP: {}"),
        "phone": ("Mă puteți suna la {}.", "Telefon: {}"),
        "address": ("Locuiesc pe {}.", "Adresa de livrare: {}"),
        "iban": ("Vă rog să plătiți în {}.", "IBAN {}"),
        "birth": ("M-am născut pe {}.", "Data nașterii: {}"),
    },
    "fi": {
        "id": ("Henkilötunnukseni on {}.", "Hetu: {}"),
        "phone": ("Soita numeroon {}.", "Puhelin: {}"),
        "address": ("Asun osoitteessa {}.", "Toimitusosoite: {}"),
        "iban": ("Maksa tilille {}.", "IBAN {}"),
        "birth": ("Olen syntynyt {}.", "Syntymäaika: {}"),
        "plate": ("Auton rekisterinumero on {}.",),
    },
    "en": {
        "id": ("My National Insurance number is {}.", "NI number (NINO): {}", "National insurance: {}"),
        "tax": ("My UTR is {}.", "Taxpayer reference: {}"),
        "phone": ("You can call me on {}.", "Phone: {}"),
        "address": ("I live at {}.", "Delivery address: {}"),
        "iban": ("Please pay to {}.", "IBAN {}"),
        "birth": ("I was born on {}.", "Date of birth: {}"),
        "plate": ("The registration number of the car is {}.", "Number plate: {}"),
    },
    "tr": {
        "id": ("TC kimlik numaram {}.", "T.C. Kimlik No: {}"),
        "tax": ("Vergi numarası: {}",),
        "phone": ("Beni {} numaralı telefondan arayın.", "Telefon: {}"),
        "address": ("Adresim {}.", "Teslimat adresi: {}"),
        "iban": ("Lütfen {} hesabına gönderin.", "IBAN {}"),
        "birth": ("Doğum tarihim {}.", "Doğum tarihi: {}"),
        "plate": ("Aracın plakası {}.",),
    },
    "zh": {
        "id": ("我的身份证号码是{}。", "身份证号：{}"),
        "phone": ("请拨打电话{}联系我。", "手机：{}"),
        "address": ("我住在{}。", "收货地址：{}"),
        "birth": ("我的出生日期是{}。", "生日：{}"),
        "plate": ("我的车牌号是{}。",),
    },
    "ja": {
        "id": ("私のマイナンバーは{}です。", "個人番号：{}"),
        "phone": ("電話番号は{}です。", "携帯：{}"),
        "address": ("住所は{}です。", "お届け先：{}"),
        "birth": ("生年月日は{}です。",),
    },
}
"""Language → kind → sentences."""
COUNTRIES = {
    "Germany": Country("de_DE", "DE", "de", ("", "00 {birth} A 000"), ("de.idnr", "00000000000"), LATIN["de"]),
    "Austria": Country("de_AT", "AT", "de", ("at.vnr", "0000 000000"), ("at.tin", "00-000/0000"), LATIN["de"]),
    "Switzerland": Country(
        "de_CH",
        "CH",
        "de",
        ("ch.ssn", "756.0000.0000.00"),
        None,
        LATIN["de"] | {"id": ("Meine AHV-Nummer ist {}.", "AHV-Nr. {}")},
    ),
    "France": Country(
        "fr_FR", "FR", "fr", ("fr.nir", "1 00 00 00 000 000 00"), ("fr.nif", "0000000000000"), LATIN["fr"]
    ),
    "Belgium": Country(
        "nl_BE", "BE", "nl", ("be.nn", "00.00.00-000.00"), None, LATIN["nl"] | {"id": ("Rijksregisternummer: {}",)}
    ),
    "Spain": Country(
        "es_ES",
        "ES",
        "es",
        ("es.dni", "00000000A"),
        ("es.nie", "X0000000A"),
        LATIN["es"] | {"id": ("Mi DNI es {}.", "DNI: {}")},
    ),
    "Mexico": Country(
        "es_MX",
        "MX",
        "es",
        ("mx.curp", "CURP"),
        None,
        {kind: own for kind, own in LATIN["es"].items() if kind != "iban"} | {"id": ("Mi CURP es {}.", "CURP: {}")},
    ),
    "Italy": Country("it_IT", "IT", "it", ("", "FAKER"), None, LATIN["it"]),
    "Portugal": Country(
        "pt_PT", "PT", "pt", ("pt.nif", "200000000"), None, LATIN["pt"] | {"id": LATIN["pt"]["id"][:2]}
    ),
    "Brazil": Country(
        "pt_BR", "BR", "pt", ("br.cpf", "000.000.000-00"), None, LATIN["pt"] | {"id": LATIN["pt"]["id"][2:]}
    ),
    "Netherlands": Country("nl_NL", "NL", "nl", ("nl.bsn", "000000000"), None, LATIN["nl"]),
    "Poland": Country("pl_PL", "PL", "pl", ("pl.pesel", "00000000000"), ("pl.nip", "000-000-00-00"), LATIN["pl"]),
    "Czechia": Country("cs_CZ", "CZ", "cs", ("cz.rc", "000000/0000"), None, LATIN["cs"]),
    "Sweden": Country("sv_SE", "SE", "sv", ("se.personnummer", "000000-0000"), None, LATIN["sv"]),
    "Denmark": Country("da_DK", "DK", "da", ("dk.cpr", "000000-0000"), None, LATIN["da"]),
    "Norway": Country("no_NO", "NO", "no", ("no.fodselsnummer", "00000000000"), None, LATIN["no"]),
    "Romania": Country("ro_RO", "RO", "ro", ("ro.cnp", "0000000000000"), None, LATIN["ro"]),
    "Finland": Country("fi_FI", "FI", "fi", ("", "FAKER"), None, LATIN["fi"]),
    "United Kingdom": Country("en_GB", "GB", "en", ("", "JA 00 00 00 S"), ("gb.utr", "0000000000"), LATIN["en"]),
    "Turkey": Country("tr_TR", "TR", "tr", ("tr.tckimlik", "00000000000"), ("tr.vkn", "0000000000"), LATIN["tr"]),
    "China": Country("zh_CN", "CN", "zh", ("cn.ric", "FAKER"), None, LATIN["zh"]),
    "Japan": Country("ja_JP", "JP", "ja", ("", "0000 0000 0000"), None, LATIN["ja"]),
}
NOT_LOOKED_AT = ("Denmark", "Norway", "Romania")
"""Countries whose misses were never read when expressions were written."""
MONTHS = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "fi": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta "
    "marraskuuta joulukuuta",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "no": "januar februar mars april mai juni juli august september oktober november desember",
    "ro": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "en": "January February March April May June July August September October November December",
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
}


class Marked(NamedTuple):
    """A text, the kind of its personal data, and where it stands."""

    text: str
    kind: str
    start: int
    end: int


def marked_texts(name: str) -> Iterator[Marked]:
    """The generated texts of a country; the same at every run."""
    country = COUNTRIES[name]
    chosen = random.Random(name)
    faker = Faker(country.locale)
    faker.seed_instance(name)
    values: dict[str, Callable[[], str]] = {
        "id": lambda: _number(country.identity, faker, chosen),
        "phone": lambda: _telephone(country.region, chosen),
        "address": lambda: _address(country.language, faker),
        "iban": faker.iban,
        "birth": lambda: _birthday(country.language, chosen),
        "plate": faker.license_plate,
    }
    if country.tax is not None:
        values["tax"] = lambda: _number(country.tax or ("", ""), faker, chosen)
    kinds = [kind for kind in values if kind in country.sentences]
    for number in range(PER_COUNTRY):
        kind = kinds[number % len(kinds)]
        before, after = chosen.choice(country.sentences[kind]).split("{}")
        value = values[kind]()
        yield Marked(before + value + after, kind, len(before), len(before) + len(value))


def _number(form: tuple[str, str], faker: Faker, chosen: random.Random) -> str:
    module, shape = form
    valid = import_module(f"stdnum.{module}").is_valid if module else lambda _: True
    for _ in range(500_000):
        number = _drawn_number(shape, faker, chosen)
        if valid(number):
            return number
    msg = f"no valid number of the form {shape!r} was drawn"
    raise ValueError(msg)


def _drawn_number(shape: str, faker: Faker, chosen: random.Random) -> str:
    if shape == "FAKER":
        return str(faker.ssn())
    if shape == "CURP":
        return "".join(chosen.choice(own) for own in _CURP)
    born = f"{chosen.randint(1, 28):02}{chosen.randint(1, 12):02}{chosen.randint(40, 99)}"
    return born.join("".join(_drawn(sign, chosen) for sign in part) for part in shape.split("{birth}"))


_CURP = (
    "GHLM",
    "AEIO",
    "RSTV",
    "ABCE",
    "6789",
    "123456789",
    "0",
    "123456789",
    "12",
    "123456789",
    "HM",
    "D",
    "F",
    "RSTV",
    "LMNP",
    "RSTV",
    "0",
    "0123456789",
)


def _drawn(sign: str, chosen: random.Random) -> str:
    return chosen.choice({"0": "0123456789", "A": "ABCEGHJKLMNPRSTW", "S": "ABCD"}.get(sign, sign))


def _address(language: str, faker: Faker) -> str:
    """A street with its number; in Japan all from the prefecture on, which is how addresses begin there."""
    return str(faker.address() if language == "ja" else faker.street_address()).replace("\n", ", ")


def _telephone(region: str, chosen: random.Random) -> str:
    """A valid number as it is written at home or abroad."""
    kind = chosen.choice((phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE))
    example = phonenumbers.example_number_for_type(region, kind)
    national = str(example.national_number)
    kept = min(3, len(national) - 6)
    style = chosen.choice((phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL))
    for _ in range(1_000):
        digits = national[:kept] + "".join(chosen.choice("0123456789") for _ in national[kept:])
        drawn = phonenumbers.PhoneNumber(country_code=example.country_code, national_number=int(digits))
        if phonenumbers.is_valid_number(drawn):
            return phonenumbers.format_number(drawn, style)
    return phonenumbers.format_number(example, style)


def _birthday(language: str, chosen: random.Random) -> str:
    year, month, day = chosen.randint(1940, 2008), chosen.randint(1, 12), chosen.randint(1, 28)
    if language in {"zh", "ja"}:
        return chosen.choice((f"{year}年{month}月{day}日", f"{year}-{month:02}-{day:02}"))
    named = MONTHS[language].split()[month - 1]
    of = {"es": " de ", "pt": " de "}.get(language, " ")
    stop = "." if language in {"de", "cs", "fi", "da", "no"} else ""
    numbers = (
        f"{day:02}.{month:02}.{year}"
        if language in {"de", "pl", "cs", "fi", "tr", "da", "no", "ro"}
        else f"{day:02}/{month:02}/{year}"
    )
    return chosen.choice((f"{day}{stop}{of}{named}{of}{year}", numbers))

"""Numbers that states give to people, of some forty countries: identity, social security, tax, vehicle plates.

A number is told by its form, its check by python-stdnum, and by a word such as *Steuer-ID* or *DNI* before it. A check
of one digit passes one number in ten: without its word such a number is not counted.
"""
# ruff: noqa: E501, RUF001, FLY002 - lists of words in many scripts

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import NamedTuple

from tasks_lib.assistant.guardrails.personal_data.entity_pattern import EntityPattern

NATIONAL_ID, TAX_ID, VEHICLE_PLATE = "NATIONAL_ID", "TAX_ID", "VEHICLE_PLATE"

_TOLD, _LIKELY, _DOUBTFUL = 0.9, 0.6, 0.2
"""Score with a telling word, of a form that hardly anything else has, and of one that many numbers have."""


class _Number(NamedTuple):
    entity: str
    module: str
    """Of python-stdnum; empty where it has none."""
    form: str
    words: str
    alone: float = _DOUBTFUL


_NUMBERS = (
    _Number(TAX_ID, "de.idnr", r"\d{2}[ ]?\d{3}[ ]?\d{3}[ ]?\d{3}", r"steuer|identifikationsnummer|\bidnr\b|\btin\b"),
    _Number(
        NATIONAL_ID,
        "",
        r"\d{2}[ ]?[0-3]\d[01]\d\d{2}[ ]?[A-Z][ ]?\d{3}",
        r"sozialversicherung|rentenversicherung|\bsv-?n",
        _LIKELY,
    ),
    _Number(
        NATIONAL_ID, "", r"[CFGHJKLMNPRTVWXYZ][0-9CFGHJKLMNPRTVWXYZ]{8}\d?", r"ausweis|reisepass|\bpass(?:nummer|-?nr)"
    ),
    _Number(NATIONAL_ID, "at.vnr", r"\d{4}[ ]?\d{6}", r"sozialversicherung|versicherungsnummer|\bsv-?n|e-card"),
    _Number(TAX_ID, "at.tin", r"\d{2}-?\d{3}/?\d{4}", r"steuer|abgabenkonto|\bst\.?-?nr"),
    _Number(NATIONAL_ID, "ch.ssn", r"756\.?\d{4}\.?\d{4}\.?\d{2}", r"\bahv|\bavs\b|\bavn\b", _LIKELY),
    _Number(
        NATIONAL_ID,
        "fr.nir",
        r"[12][ ]?\d{2}[ ]?\d{2}[ ]?(?:\d{2}|2[AB])[ ]?\d{3}[ ]?\d{3}[ ]?\d{2}",
        r"s[ée]cu(?:rit[ée])? ?(?:sociale)?|\bnir\b|num[ée]ro (?:insee|de s[ée]cu)|\binsee\b",
        _LIKELY,
    ),
    _Number(TAX_ID, "fr.nif", r"[0-3]\d[ ]?\d{2}[ ]?\d{3}[ ]?\d{3}[ ]?\d{3}", r"fiscal|imp[ôo]ts|\bspi\b"),
    _Number(NATIONAL_ID, "es.dni", r"\d{2}\.?\d{3}\.?\d{3}[ -]?[A-Z]", r"\bd\.?n\.?i\b|\bnif\b|identidad", _LIKELY),
    _Number(NATIONAL_ID, "es.nie", r"[XYZ][ -]?\d{7}[ -]?[A-Z]", r"\bnie\b|extranjer", _LIKELY),
    _Number(NATIONAL_ID, "", r"\d{2}[ /-]?\d{8}[ /-]?\d{2}", r"seguridad social|\bnuss\b|afiliaci[óo]n"),
    _Number(
        TAX_ID,
        "it.codicefiscale",
        r"[A-Z]{6}\d{2}[A-EHLMPR-T]\d{2}[A-Z]\d{3}[A-Z]",
        r"codice fiscale|\bc\.?f\b",
        _LIKELY,
    ),
    _Number(TAX_ID, "pt.nif", r"[123]\d{2}[ ]?\d{3}[ ]?\d{3}", r"\bnif\b|contribuinte|fiscal"),
    _Number(
        NATIONAL_ID, "pt.cc", r"\d{8}[ ]?\d[ ]?[A-Z0-9]{2}\d", r"cart[ãa]o (?:de|do) cidad|\bcc\b|\bbi\b|identidade"
    ),
    _Number(NATIONAL_ID, "nl.bsn", r"\d{4}[. ]?\d{2}[. ]?\d{3}|\d{3}[. ]\d{3}[. ]\d{3}", r"\bbsn\b|burgerservice|sofi"),
    _Number(
        NATIONAL_ID,
        "be.nn",
        r"\d{2}\.?\d{2}\.?\d{2}-?\d{3}[.-]?\d{2}",
        r"rijksregister|registre national|\binsz\b|\bniss\b",
    ),
    _Number(NATIONAL_ID, "pl.pesel", r"\d{11}", r"\bpesel"),
    _Number(TAX_ID, "pl.nip", r"\d{3}-?\d{3}-?\d{2}-?\d{2}|\d{3}-\d{2}-\d{2}-\d{3}", r"\bnip\b|podatkow"),
    _Number(NATIONAL_ID, "cz.rc", r"\d{6}/?\d{3,4}", r"rodn[éeý]\w* [čc][íi]sl|\brc\b|\br\.? ?[čc]\."),
    _Number(NATIONAL_ID, "se.personnummer", r"(?:19|20)?\d{6}[-+]?\d{4}", r"person-?(?:nummer|nr)|samordningsnummer"),
    _Number(NATIONAL_ID, "fi.hetu", r"\d{6}[-+ABCDEFYXWVU]\d{3}[0-9A-Y]", r"henkil[öo]tunnu|\bhetu|\bhetu\b", _LIKELY),
    _Number(NATIONAL_ID, "dk.cpr", r"\d{6}[ -]?\d{4}", r"\bcpr\b|cpr-|personnummer"),
    _Number(NATIONAL_ID, "no.fodselsnummer", r"\d{6}[ ]?\d{5}", r"f[øo]dselsn|personn(?:umme)?r|\bfnr"),
    _Number(
        NATIONAL_ID,
        "",
        r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][ ]?\d{2}[ ]?\d{2}[ ]?\d{2}[ ]?[A-D]",
        r"national insurance|\bnino?\b",
        _LIKELY,
    ),
    _Number(NATIONAL_ID, "gb.nhs", r"\d{3}[ -]?\d{3}[ -]?\d{4}", r"\bnhs\b"),
    _Number(TAX_ID, "gb.utr", r"\d{10}|\d{5}[ ]\d{5}", r"\butr\b|taxpayer"),
    _Number(NATIONAL_ID, "ie.pps", r"\d{7}[A-W][A-I]?", r"\bpps", _LIKELY),
    _Number(NATIONAL_ID, "tr.tckimlik", r"[1-9]\d{10}", r"\bt\.?c\.?\b|kimlik"),
    _Number(TAX_ID, "tr.vkn", r"\d{10}", r"vergi"),
    _Number(TAX_ID, "br.cpf", r"\d{3}\.\d{3}\.\d{3}-\d{2}", r"\bcpf\b", _LIKELY),
    _Number(TAX_ID, "br.cpf", r"\d{11}", r"\bcpf\b"),
    _Number(NATIONAL_ID, "mx.curp", r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d", r"\bcurp\b", _LIKELY),
    _Number(TAX_ID, "mx.rfc", r"[A-ZÑ&]{4}-?\d{6}-?[A-Z0-9]{3}", r"\brfc\b|contribuyente", _LIKELY),
    _Number(NATIONAL_ID, "ca.sin", r"\d{3}[ -]?\d{3}[ -]?\d{3}", r"\bsin\b|social insurance|assurance sociale|\bnas\b"),
    _Number(TAX_ID, "au.tfn", r"\d{3}[ ]?\d{3}[ ]?\d{2,3}", r"\btfn\b|tax file"),
    _Number(TAX_ID, "us.itin", r"9\d{2}-\d{2}-\d{4}", r"\bitin\b|taxpayer", _LIKELY),
    _Number(NATIONAL_ID, "in_.aadhaar", r"[2-9]\d{3}[ -]?\d{4}[ -]?\d{4}", r"aadha+r|\buid(?:ai)?\b|आधार"),
    _Number(TAX_ID, "in_.pan", r"[A-Z]{3}[ABCFGHJLPTK][A-Z]\d{4}[A-Z]", r"\bpan\b|permanent account", _LIKELY),
    _Number(
        NATIONAL_ID, "cn.ric", r"[1-8]\d{5}(?:19|20)\d{2}[01]\d[0-3]\d\d{3}[\dX]", r"身份证|身份號|身份证号", _LIKELY
    ),
    _Number(NATIONAL_ID, "", r"\d{4}[ -]?\d{4}[ -]?\d{4}", r"マイナンバー|個人番号"),
    _Number(NATIONAL_ID, "kr.rrn", r"\d{6}-[1-4]\d{6}", r"주민(?:등록)?번호", _LIKELY),
    _Number(NATIONAL_ID, "ro.cnp", r"[1-9]\d{12}", r"\bcnp\b|cod(?:ul)? numeric"),
    _Number(NATIONAL_ID, "hr.oib", r"\d{11}", r"\boib\b"),
    _Number(NATIONAL_ID, "gr.amka", r"[0-3]\d[01]\d{8}", r"αμκα|\bamka\b"),
    _Number(NATIONAL_ID, "bg.egn", r"\d{10}", r"\bегн\b|\begn\b"),
    _Number(NATIONAL_ID, "za.idnr", r"\d{6}[ ]?\d{4}[ ]?[01][89]\d", r"\bid (?:number|no)|identity"),
    _Number(NATIONAL_ID, "il.idnr", r"\d{9}", r"תעודת זהות|ת\.ז|teudat"),
    _Number(NATIONAL_ID, "th.pin", r"\d-?\d{4}-?\d{5}-?\d{2}-?\d", r"บัตรประชาชน|ประจำตัวประชาชน"),
    _Number(NATIONAL_ID, "id.nik", r"\d{16}", r"\bnik\b|\bktp\b"),
    _Number(NATIONAL_ID, "cl.rut", r"\d{1,2}\.?\d{3}\.?\d{3}-[\dK]", r"\brut\b|\brun\b", _LIKELY),
    _Number(TAX_ID, "ar.cuit", r"\d{2}-\d{8}-\d", r"\bcui[tl]\b", _LIKELY),
    _Number(NATIONAL_ID, "ar.dni", r"\d{2}\.?\d{3}\.?\d{3}", r"\bd\.?n\.?i\b"),
    _Number(TAX_ID, "ru.inn", r"\d{12}", r"\bинн\b"),
    _Number(NATIONAL_ID, "", r"\d{3}-\d{3}-\d{3} \d{2}", r"снилс"),
    _Number(NATIONAL_ID, "", r"\d{2} ?\d{2} ?№? ?\d{6}", r"паспорт"),
)

_PLATE_WORDS = (
    r"kennzeichen|nummernschild|kontrollschild|zulassung|number ?plate|licen[cs]e plate|registration(?: (?:number|mark))?|\bplates?\b|"
    r"immatricul|plaque|matr[íi]cul|\bplacas?\b|targa|targat|kenteken|nummerplaat|rejestracyjn|\bspz\b|registra[čc]n|"
    r"registreringsn|\breg\.? ?n[ro]|rekister|plaka|rendsz[áa]m|înmatricul|车牌|車牌|号牌|ナンバー|번호판|госномер|номерн"
)
_PLATES = "|".join(
    (
        r"[A-ZÄÖÜ]{1,3}[- ·]{1,3}[A-ZÄÖÜ]{1,2}[- ]?\d{1,4}[EH]?",
        r"[A-ZÄÖÜ]{1,3}[- ·]{1,3}\d{1,6}(?:[- ]\d{1,4})?(?:[- ]?[A-Z]{1,3})?",
        r"[A-ZÄÖÜ]{1,3}[- ]?\d{2,4}[- ]?[A-Z]{1,3}",
        r"\d{2,4}[- ]?[A-Z]{2,3}(?:[- ]?\d{1,3})?",
        r"\d{1,2}[- ][A-Z]{1,3}[- ]\d{1,5}",
        r"[A-Z]{2,3}[- ]?\d{3,5}[A-Z]?",
        r"[A-Z]{3}[- ]?\d[A-Z]\d{2}",
        r"\d[A-Z]\d[ -]?\d{4}",
        r"\d{2}-\d{2}-[A-Z]{2}",
        r"\d-[A-Z]{3}-\d{2,3}",
        r"[A-Z]{2}[- ]\d{2}[- ](?:\d{3}|[A-Z]{3})",
        r"[A-Z]{2}\d{2} ?[A-Z]{3}",
        r"(?=[A-Z ·-]{0,4}\d)(?=[\d ·-]{0,4}[A-Z])[A-Z0-9]{1,4}(?:[- ·]?[A-Z0-9]{1,5}){1,2}",
    )
)
_CHINESE_PLATE = r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·• -]?[A-Z0-9]{5,6}"


def _row(number: _Number) -> EntityPattern:
    form = rf"(?<![\w.-])(?:{number.form})(?![\w-]|[.,]\d)"
    check = _checked_by(number.module) if number.module else None
    return EntityPattern(number.entity, form, number.alone, check, number.words, _TOLD)


@cache
def _checked_by(module: str) -> Callable[[str], bool]:
    """Whether a number is valid by python-stdnum; its modules are imported with the first number of their form."""

    def check(text: str) -> bool:
        return bool(import_module(f"stdnum.{module}").is_valid(text))

    return check


NATIONAL_PATTERNS: tuple[EntityPattern, ...] = (
    *map(_row, _NUMBERS),
    EntityPattern(VEHICLE_PLATE, rf"(?<![\w.-])(?-i:{_PLATES})(?![\w-]|[.,]\d)", 0.0, None, _PLATE_WORDS, _TOLD),
    EntityPattern(VEHICLE_PLATE, rf"{_CHINESE_PLATE}(?![A-Z0-9])", _LIKELY, None, _PLATE_WORDS, _TOLD),
    EntityPattern(VEHICLE_PLATE, r"\d{2,3}[가-힣]\s?\d{4}(?!\d)", _LIKELY, None, _PLATE_WORDS, _TOLD),
    EntityPattern(
        VEHICLE_PLATE,
        r"[\u4e00-\u9fff]{2,4} ?\d{2,3} ?[\u3042-\u3093] ?\d{2}-\d{2}(?!\d)",
        _LIKELY,
        None,
        _PLATE_WORDS,
        _TOLD,
    ),
)

_HAN = r"[\p{Han}\p{Hiragana}\p{Katakana}々ヶー]"
EASTERN_ADDRESSES: tuple[EntityPattern, ...] = (
    EntityPattern(
        "STREET_ADDRESS",
        r"(?:\p{Han}{1,8}?(?:省|自治区|市|区|县|州|镇|乡)){0,4}\p{Han}{1,8}?(?:路|街|大道|道|巷|胡同|弄)\s?"
        r"(?:\d{1,5}(?:[-之]\d{1,4})?\s?(?:号|弄)|[A-Za-z]座)"
        r"(?:\s?[\dA-Za-z一二三四五六七八九十]{1,4}\s?(?:号楼|栋|幢|座|单元|层|楼|室|房|户)){0,4}(?:\s?\d{6}(?!\d))?",
        0.75,
    ),
    EntityPattern(
        "STREET_ADDRESS",
        rf"(?:〒?\d{{3}}-\d{{4}}\s?)?\p{{Han}}{{2,3}}[都道府県]{_HAN}{{1,8}}?[市区郡町村]{_HAN}{{0,16}}\d{{1,3}}"
        r"(?:(?:丁目|番地?|[-の])\d{1,4}){0,3}(?:丁目|番地|番|号)?",
        0.75,
    ),
    EntityPattern(
        "STREET_ADDRESS",
        r"\p{Hangul}{1,7}(?:시|도)\s(?:\p{Hangul}{1,7}(?:구|시|군|읍|면|동)\s){1,3}[\p{Hangul}\d]{1,12}(?:로|길)\s?\d{1,4}"
        r"(?:-\d{1,4})?(?:\s?\([\p{Hangul}\d ,]{1,20}\))?",
        0.75,
    ),
)
"""Of China, Japan and Korea, from the province to the house."""

"""Words that announce telephone numbers, births and addresses, and dates with names of months, in many languages."""
# ruff: noqa: E501, RUF001 - lists of words in many scripts

PHONE = (
    r"\b(?:(?:tele)?phones?|call|tel|mobile|cell|fax|desk|dial|my number|number is|reach|contact|text|sms|whatsapp|"
    r"messages?|answering|registered|"
    r"telefon\w*|handy\w*|mobil\w*|rufnummer|anruf\w*|erreich\w*|ruf(?:en|t)?|durchwahl|"
    r"t[ée]l(?:[ée]phone)?\w*|portable|appel\w*|joindre|joignable|tel[ée]fon\w*|m[óo]vil|celular|ll[áa]m\w*|"
    r"cellulare|chiam\w*|recapito|telem[óo]vel|ligue|ligar|contacto|telefoon\w*|bel(?:len)?|gsm|bereik\w*|numer|zadzwo\w*|"
    r"kom[óo]rk\w*|dzwo\w*|volejte|puhelin\w*|soita|ring(?:a|e)?|telefonnummer|puh|tlf|ara(?:y[ıi]n)?|cep|h[íi]v\w*|sun[ăa]\w*|"
    r"\u03c4\u03b7\u03bb\w*|\u0442\u0435\u043b\w*|\u043f\u043e\u0437\u0432\u043e\u043d\w*|\u0437\u0432\u043e\u043d\w*)\b"
    r"|电话|電話|手机|手機|号码|致电|联系|携帯|연락|전화|휴대폰|โทร|फोन|फ़ोन|मोबाइल|هاتف|تلفن|טלפון"
)
BIRTH = (
    r"birth|born|\bdob\b|birthday|gebor|geboorte|geburt|\bgeb\.|naissance|\bn[ée]e? (?:le|en)\b|nacid|nacimiento|nac[ií]|nació|"
    r"\bnat[oa]\b|nascita|nascid|nascimento|nasc[íi]|urodz|\bur\.|naroz|narod|f[öøo]d(?:d|t|else|sel)|syntyn|syntym|do[ğg]um|"
    r"sz[üu]let|n[ăa]scut|na[șs]ter|γενν|рожд|родил|родит|народж|출생|생년|태어|出生|生日|生年月日|生まれ|เกิด|जन्म|ميلاد|تولد|לידה|lahir|sinh"
)
ADDRESS = (
    r"wohn(?:e|en|t|haft)|anschrift|\w{0,20}adress\w{0,6}|habit(?:e|ons|ez)|domicili[ée]e?|demeurant|vivo|vive|vivimos|resid[eo]|"
    r"domicilio|direcci[óo]n(?: de \w{3,12})?|abit[oa]|risied[eo]|indirizzo(?: di \w{3,12})?|mor[oa]|morada|endere[çc]o(?: de \w{3,12})?|"
    r"woon|woont|\w{0,12}adres\w{0,4}|mieszka(?:m)?|zamieszka[łl]\w{0,2}|bydl[íi](?:m|)|bydli[šs]t[ěe]|adrese|bor|bostadsadress|asun|asuu|"
    r"\w{0,12}osoi(?:te|tteessa)|lakik|lakcím|locuiesc|domiciliul?|adresim|ikamet|μένω|διεύθυνση|адрес\w{0,2}|живу|проживаю"
)
_MONTHS = (
    r"jan[a-zéäv]{0,8}|feb[a-zéúář]{0,8}|f[ée]v[a-zé]{0,7}|m[äa]r[a-zçşs]{0,7}|apr[a-zí]{0,7}|avr[a-z]{0,5}|abr[a-z]{0,5}|ma[ijy]\w{0,5}|"
    r"maggio|mei|ju[nl][a-zi]{0,7}|giugno|luglio|lipca|juin|juil[a-z]{0,5}|aug[a-z]{0,7}|ago[a-z]{0,6}|ao[ûu]t|sep[a-z]{0,8}|set[a-z]{0,7}|"
    r"o[ckt]+[a-zu]{0,8}|ott[a-z]{0,6}|out[a-z]{0,6}|nov[a-z]{0,7}|de[czs][a-zé]{0,7}|dic[a-z]{0,8}|gen[a-z]{0,6}|ene[a-z]{0,4}|"
    r"stycznia|lutego|marca|kwietnia|czerwca|sierpnia|wrze[śs]nia|pa[źz]dziernika|listopadu?a?|grudnia|"
    r"ledna|[úu]nora|b[řr]ezna|dubna|kv[ěe]tna|[čc]ervna|[čc]ervence|srpna|z[áa][řr][íi]|[řr][íi]jna|prosince|"
    r"\w{4,8}kuuta|ocak|[şs]ubat|nisan|may[ıi]s|haziran|temmuz|a[ğg]ustos|eyl[üu]l|ekim|kas[ıi]m|aral[ıi]k|"
    r"янв\w{0,4}|фев\w{0,5}|мар\w{0,3}|апр\w{0,4}|ма[йя]|ию[нл]\w|авг\w{0,4}|сен\w{0,6}|окт\w{0,5}|ноя\w{0,4}|дек\w{0,5}"
)
WRITTEN_DATE = (
    rf"(?<![\w/.-])(?:0?[1-9]|[12]\d|3[01])(?:\.|º|er)?(?: de| di)? (?:{_MONTHS})\.?(?: de| del)? (?:19|20)\d\d(?![\w/-])"
    r"|(?<!\d)(?:19|20)\d\d\s?[年년]\s?(?:1[0-2]|0?[1-9])\s?[月월]\s?(?:[12]\d|3[01]|0?[1-9])\s?[日일]"
    r"|(?<![\w/.-])(?:0?[1-9]|[12]\d|3[01])\. (?:1[0-2]|0?[1-9])\. (?:19|20)\d\d(?![\w/-])"
)

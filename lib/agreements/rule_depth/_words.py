"""Whether a sentence binds, and by which word."""

import re
from dataclasses import dataclass

_AFTER = re.compile(r"[\s,:;]*(?:\([a-z]{1,4}\)\s*)?(?:inter\s*alia,?\s*)?(?:\w+ly,?\s+|also\s+)?")


@dataclass(frozen=True)
class Language:
    """The words of a language: what binds, what after it does not, what takes a duty back.

    Attributes
    ----------
    binds : Pattern
        Words that put a duty on a Party.
    soft : Pattern
        Verbs that make it a wish, right after the binding word.
    joint, promote : Pattern
        Verbs of cooperation and promotion, after which only rules of cooperation bind.
    takes_back : Pattern
        Words anywhere in the sentence that leave the duty to the Party's wish.
    """

    binds: re.Pattern
    soft: re.Pattern
    joint: re.Pattern
    promote: re.Pattern
    takes_back: re.Pattern


def _compiled(**patterns) -> Language:
    return Language(**{k: re.compile(v, re.IGNORECASE) for k, v in patterns.items()})


LANGUAGES = {
    "en": _compiled(
        binds=r"shall|\bmust\b|\bmay\s*not\b|(?:neither|no)\s*party\s*(?:may|shall|will)|\bagrees?\s"
        r"*(?:not\s*)?to\b|\bundertakes?\s*to\b|\bcommit(?:s|ted)?\s*(?:themselves\s*)?to\b|\bwill\b"
        r"|\bcannot\s*be\b|\bagree\s*that\b|\bagree\s*on\b",
        soft=r"(?:not\s*)?(?:endeavou?r|encourag|fostering|working\s*to\b|strive|seek|aim|explore"
        r"|work\s*towards?|consider\b|make\s*(?:every|best|their\s*best)?\s*efforts?|use\s*(?:its|their)?\s*best"
        r"|give\s*consideration|recogni[sz]e|be\s*construed|apply\s*(?:to|in|with)\b|prevent|preclude"
        r"|require\s*a\s*party|affect\b|the\s*importance|be\s*subject\s*to\s*(?:the|any"
        r"|article|chapter))",
        joint=r"(?:co-?\s?operat|consult\b(?!.{0,25}(?:industry|interested|business|users))"
        r"|(?:conduct|hold|maintain|keep\s*up|establish)\s*(?:an?\s*)?"
        r"(?:co-?operati|dialogue|consultation)|exchang|shar(?:e|ing)|discuss"
        r"|work(?:ing)?\s*together|participat|address)",
        promote=r"promot",
        takes_back=r"to\s*the\s*(?:(?:maximum|greatest|fullest)\s*)?extent\s*(?:it\s*is\s*)?(?:that\s*"
        r"is\s*)?(?:possible|practicable|feasible)|where(?:ver)?\s*(?:it\s*is\s*)?possible"
        r"|(?:in\s*)?so\s*far\s*as|as\s*far\s*as|insofar\s*as|where\s*practicable",
    ),
    "es": _compiled(
        binds=r"\bdeber[áa]n?\b|\bningun[ao]\s*(?:de\s*las\s*)?partes?\s*\w+|\bno\s*\w+r[áa]n?\b"
        r"|\b\w{3,}[aeid]r(?:á|án)\b|\btomaran\b|\bacuerdan\b|\bse\s*comprometen\b",
        soft=r"(?:no\s*)?(?:procurar|(?:se\s*)?esforzar|alentar|fomentar|considerar|evaluar"
        r"|podrá|buscar|reconocer|hará?n?\s*esfuerzos|estimular|impedirá|se\s*interpretará"
        r"|se\s*aplicará|facilitar)\w*",
        joint=r"(?:cooperar|consultar|intercambiar|compartir|(?:mantener|establecer)\w*\s*(?:un\s*)?"
        r"(?:diálogo|cooperaci|consulta)|participar)\w*",
        promote=r"promover",
        takes_back=r"en\s*la\s*medida\s*de\s*lo\s*posible|cuando\s*sea\s*posible|en\s*lo\s*posible",
    ),
    "fr": _compiled(
        binds=r"\bdoi(?:t|vent)\b|\baucune\s*partie\s*(?:ne\s*|n[’'])\w+|\b\w{3,}(?:ra|ront)\b"
        r"|\bs[’']engagent\b",
        soft=r"(?:(?:s[’'])?efforcer|encourager|chercher|envisager|pourr|reconnaîtr|favoriser)\w*",
        joint=r"(?:coopérer|consulter|échanger|partager|collaborer)\w*",
        promote=r"promouvr",
        takes_back=r"dans\s*la\s*mesure\s*du\s*possible|si\s*possible",
    ),
}
"""Words by language; in Spanish and French the verb itself is the binding word."""


def binding(text: str, language: str, cooperation: bool) -> str:
    """Return the word with which a sentence binds the Parties, or nothing.

    Parameters
    ----------
    text : str
    language : {"en", "es", "fr"}
    cooperation : bool
        Whether the rule is one of cooperation, so that duties to cooperate bind.
    """
    words = LANGUAGES[language]
    if words.takes_back.search(text):
        return ""
    for found in words.binds.finditer(text):
        after = _AFTER.match(text, found.end()).end()
        starts = (after,) if language == "en" else (found.start(), after)
        joint = any(words.joint.match(text, start) for start in starts)
        promote = any(words.promote.match(text, start) for start in starts)
        soft = any(words.soft.match(text, start) for start in starts)
        if cooperation and (joint or promote) or not (soft or joint or promote):
            return re.sub(r"\s+", " ", found[0])
    return ""

"""Secrets inside text: options, assignments, URLs, headers, and strings that look like nothing but a secret."""

import re
from itertools import pairwise

from breakglass.ui.secret_words import is_secret_name

MASK = "***"

_ARN = r"arn:aws[a-z-]*:[\w:/.@*+,~$-]+"
_NAME = r"[A-Za-z_][\w.-]*"
_QUOTED = r"\\?\"(?:[^\"\\]|\\[^\"])*\\?\"|\\?'(?:[^'\\]|\\[^'])*\\?'"
_SCHEME = r"(?:(?:bearer|basic|digest|negotiate|token)\s+)?"

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.DOTALL)
_USER_IN_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?:[^\s/@:\"'<>]*:[^\s\"'<>]*|[^\s/\"'<>]*)@")
_USER_WITHOUT_SCHEME = re.compile(r"(?<![\w/:.-])(?P<user>[\w.%+-]+):(?P<password>[^\s:@/]{3,})@(?!sha\d)(?=[\w\[(])")
_USER_OPTION = re.compile(r"(?P<option>(?:^|\s)(?:-u|--user|--proxy-user)[=\s]\s*)(?P<user>[^\s:]+):\S+")
# An ARN is matched first, so that nothing inside it is taken for an assignment (`...:secret:prod/db`).
_SAID = re.compile(
    rf"(?P<arn>{_ARN})"
    rf"|(?<![\w-])--?(?P<option>{_NAME})(?P<gap>\s+)(?P<taken>{_QUOTED}|[^\s\"'-]\S*)"
    rf"|(?P<quote>\\?[\"']?)(?P<name>{_NAME})(?P=quote)(?P<sign>\s*=>?\s*|\s*:\s*)"
    rf"(?P<value>{_QUOTED}|{_SCHEME}[^\s&]+)",
    re.IGNORECASE,
)
_HEADER = re.compile(r"\b(?P<scheme>Bearer|Basic|Negotiate)\s+[A-Za-z0-9._~+/=-]{16,}", re.IGNORECASE)
_KNOWN_SHAPES = re.compile(
    r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}"
    r"|\b(?:gh[oprsu]_|github_pat_|glpat-|xox[abeoprs]-|[rsp]k_(?:live|test)_|npm_|hv[sb]\.|AIza|dop_v1_|SG\.)"
    r"[A-Za-z0-9_.-]{8,}"
    r"|hooks\.slack\.com/\S+"
)
# `route53:ListHostedZonesByName`: a long name of short words looks random, and is what somebody has to be allowed.
_ACTION = (
    r"\b[a-z][a-z0-9-]+:(?:Add|Associate|Batch|Change|Create|Delete|Deregister|Describe|Disassociate|Get|List|Lookup"
    r"|Modify|Pass|Put|Register|Remove|Set|Simulate|Stop|Tag|Untag|Update)(?:[A-Z][a-z]+)+\b"
)
_TOKEN = re.compile(rf"(?P<arn>{_ARN})|(?P<action>{_ACTION})|[A-Za-z0-9+/_-]{{16,}}={{0,2}}")
_AWS_SECRET_KEY = re.compile(r"[A-Za-z0-9+/]{40}")
_HARMLESS_VALUES = frozenset({"true", "false", "null", "none", MASK})


def is_arn(text: str) -> bool:
    """Whether `text` is an ARN and nothing else."""
    return re.fullmatch(_ARN, text) is not None


def option_that_takes_a_secret(word: str) -> bool:
    """Whether the next word of the command line is a secret."""
    return re.fullmatch(rf"--?{_NAME}", word) is not None and is_secret_name(word)


def mask_plain_text(text: str, *, names: bool = False) -> str:
    """`text` with everything masked that looks like a secret; ARNs and sentences stay.

    `names` says that the text is a name or an id: then a random look alone does not make it a secret.
    """
    text = _PRIVATE_KEY.sub(MASK, text)
    text = _USER_IN_URL.sub(rf"\g<scheme>{MASK}@", text)
    text = _USER_WITHOUT_SCHEME.sub(rf"\g<user>:{MASK}@", text)
    text = _USER_OPTION.sub(rf"\g<option>\g<user>:{MASK}", text)
    text = _mask_what_is_said(text)
    text = _HEADER.sub(rf"\g<scheme> {MASK}", text)
    text = _KNOWN_SHAPES.sub(MASK, text)
    return text if names else _TOKEN.sub(_masked_if_random, text)


def _mask_what_is_said(text: str) -> str:
    """Mask `--option VALUE`, `name=VALUE`, `name: VALUE` where the name promises a secret."""
    done, at = [], 0
    while said := _SAID.search(text, at):
        if said["arn"]:
            end = said.end()
            done.append(text[at:end])
        elif is_secret_name(said["option"] or said["name"]):
            value = "taken" if said["option"] else "value"
            end = said.end()
            done += [text[at : said.start(value)], _hidden(said[value])]
        else:
            end = said.end("option" if said["option"] else "name")  # its value may be an assignment itself
            done.append(text[at:end])
        at = end
    return "".join((*done, text[at:]))


def _hidden(value: str) -> str:
    quote = value[: 2 if value.startswith("\\") else 1] if value.strip("\\")[:1] in {'"', "'"} else ""
    bare = value[len(quote) : len(value) - len(quote)] if quote else value
    return value if is_arn(bare) or bare.lower() in _HARMLESS_VALUES else f"{quote}{MASK}{quote}"


def _masked_if_random(token: re.Match[str]) -> str:
    return token[0] if token["arn"] or token["action"] or not _looks_random(token[0]) else MASK


def _looks_random(token: str) -> bool:
    """Whether a string of letters and digits was made by a machine to be a secret.

    Names are words: upper and lower case and digits follow each other in runs. In base64 of random bytes two
    neighbours are of different classes in six cases of ten.
    """
    padded, bare = token.endswith("="), token.rstrip("=")
    if _AWS_SECRET_KEY.fullmatch(bare) and _mixed(bare) >= 0.28:  # noqa: PLR2004 - CamelCase stays below
        return True
    if any(len(run) >= (12 if padded else 20) and _mixed(run) >= 0.38 for run in re.split(r"[/_-]", bare)):  # noqa: PLR2004
        return True
    return len(bare) >= 32 and _mixed(re.sub(r"[/_+-]", "", bare)) >= 0.5  # noqa: PLR2004


def _mixed(run: str) -> float:
    """How often neighbours differ in class; 0 where upper or lower case is missing."""
    if run.isupper() or run.islower() or not any(character.islower() for character in run):
        return 0.0
    if not any(character.isupper() for character in run):
        return 0.0
    classes = [(character.isupper(), character.isdigit()) for character in run]
    return sum(a != b for a, b in pairwise(classes)) / (len(run) - 1)

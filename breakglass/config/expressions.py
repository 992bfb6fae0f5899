"""Whether a pointer is JMESPath at all: found out when the file is read, not in the middle of the night."""

from collections.abc import Iterator, Mapping
from typing import Any

from breakglass.config.spelling import on_one_line


def why_no_expression(text: str) -> str:
    """What is wrong with a JMESPath expression, in a few words; empty where nothing is.

    The grammar is https://jmespath.org/specification.html. A function that JMESPath does not have is a mistake
    too, although its parser takes it.
    """
    import jmespath  # noqa: PLC0415 - most commands of most people never meet a pointer
    from jmespath.exceptions import EmptyExpressionError, LexerError, ParseError  # noqa: PLC0415
    from jmespath.functions import Functions  # noqa: PLC0415

    try:
        parsed = jmespath.compile(text).parsed
    except EmptyExpressionError:
        return "it is empty"
    except LexerError as error:
        return f"{on_one_line(error.message)} at character {error.lexer_position + 1}"
    except ParseError as error:
        return "it ends too early" if error.token_value is None else f"unexpected at character {error.lex_position + 1}"
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of parentheses
        return "it is too long"
    unknown = [name for name in _functions(parsed) if name not in Functions.FUNCTION_TABLE]
    return f"there is no function {unknown[0]}" if unknown else ""


def _functions(node: Mapping[str, Any]) -> Iterator[str]:
    nodes = [node]
    while nodes:
        at = nodes.pop()
        if at["type"] == "function_expression":
            yield at["value"]
        nodes += [child for child in at.get("children", ()) if isinstance(child, dict)]

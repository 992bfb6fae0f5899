"""Reading Markdown: markdown-it-py's tree of CommonMark and GitHub's tables, as the blocks that runbooks consist of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from breakglass.model.markdown import (
    Block,
    Code,
    Comment,
    Heading,
    Item,
    Listing,
    Paragraph,
    Quote,
    Rule,
    Table,
    notes_of,
)
from breakglass.running.front_matter import lines_of

_PARSER: Final = MarkdownIt("commonmark", {"html": True}).enable("table")
_COMMENT = "<!--"


def read(text: str, first: int = 1) -> tuple[Block, ...]:
    """The blocks of `text`, whose first line is line number `first` of its file. Every text can be read."""
    lines = lines_of(text)
    return _with_notes(_Reading(lines, first).blocks(SyntaxTreeNode(_PARSER.parse("\n".join(lines)))))


class _Reading:
    """One text on its way from nodes to blocks. A node knows its lines, counted from 0, the last one left out."""

    def __init__(self, lines: Sequence[str], first: int) -> None:
        self._lines = lines
        self._first = first
        self._made: Mapping[str, Callable[[SyntaxTreeNode], Block]] = {
            "heading": lambda node: Heading(self._line(node), int(node.tag[1:]), " ".join(_lines(_text(node)))),
            "paragraph": lambda node: Paragraph(self._line(node), _lines(_text(node))),
            "fence": self._code,
            "code_block": lambda node: Code(self._line(node), "", _lines(node.content.removesuffix("\n"))),
            "html_block": self._html,
            "table": self._table,
            "bullet_list": self._listing,
            "ordered_list": self._listing,
            "blockquote": lambda node: Quote(self._line(node), self.blocks(node)),
            "hr": lambda node: Rule(self._line(node)),
        }

    def blocks(self, node: SyntaxTreeNode) -> tuple[Block, ...]:
        return tuple(self._made[child.type](child) for child in node.children)

    def _line(self, node: SyntaxTreeNode) -> int:
        return self._first + (node.map[0] if node.map else 0)

    def _code(self, node: SyntaxTreeNode) -> Code:
        content = node.content.removesuffix("\n")
        lines = tuple(content.split("\n")) if content or node.content else ()
        return Code(self._line(node), node.info.strip(), lines, closed=self._is_closed(node))

    def _is_closed(self, node: SyntaxTreeNode) -> bool:
        """Whether a fence ends in one of its kind, and not with its document, list or quote."""
        start, end = node.map or (0, 0)
        last = self._lines[end - 1].strip(" \t>")
        return end - start > 1 and last.startswith(node.markup) and not last.strip(node.markup[0])

    def _html(self, node: SyntaxTreeNode) -> Comment | Paragraph:
        text = node.content.strip()
        if text.startswith(_COMMENT):
            return Comment(self._line(node), text.removeprefix(_COMMENT).partition("-->")[0].strip())
        return Paragraph(self._line(node), _lines(text))

    def _table(self, node: SyntaxTreeNode) -> Table:
        rows = [row for part in node.children for row in part.children]
        return Table(self._line(node), tuple(tuple(_text(cell) for cell in row.children) for row in rows))

    def _listing(self, node: SyntaxTreeNode) -> Listing:
        items = (Item(self._line(one), f"{one.info}{one.markup}", self.blocks(one)) for one in node.children)
        return Listing(self._line(node), tuple(items))


def _text(node: SyntaxTreeNode) -> str:
    return " ".join(child.content for child in node.children if child.type == "inline")


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.split("\n"))


def _with_notes(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """Each comment's notes handed on to the next code block, at whatever depth that is."""
    pending: dict[str, str] = {}

    def noted(block: Block) -> Block:
        match block:
            case Comment():
                pending.update(notes_of(block))
            case Code():
                notes = dict(pending)
                pending.clear()
                return replace(block, notes=notes)
            case Listing():
                items = [replace(item, blocks=tuple(map(noted, item.blocks))) for item in block.items]
                return replace(block, items=tuple(items))
            case Quote():
                return replace(block, blocks=tuple(map(noted, block.blocks)))
        return block

    return tuple(map(noted, blocks))

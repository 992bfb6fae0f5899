"""A runbook out of its text: front matter, then Markdown."""

from itertools import pairwise

from breakglass.model.markdown import Block, Heading
from breakglass.model.runbook import Runbook, Section
from breakglass.running.front_matter import lines_of, parse_front
from breakglass.running.markdown_reading import read

_SECTION_LEVEL = 2


def parse(text: str) -> Runbook:
    """The runbook that a text is. Never raises: what cannot be read is empty, and the rules say so."""
    front = parse_front(text)
    lines = lines_of(text)
    preamble, sections = _sections(read("\n".join(lines[front.ends :]), front.ends + 1))
    return Runbook(front, preamble, sections)


def _sections(blocks: tuple[Block, ...]) -> tuple[tuple[Block, ...], tuple[Section, ...]]:
    """What stands above the first H2, and the sections."""
    starts = [at for at, block in enumerate(blocks) if isinstance(block, Heading) and block.level == _SECTION_LEVEL]
    sections = []
    for start, end in pairwise([*starts, len(blocks)]):
        heading = blocks[start]
        if isinstance(heading, Heading):
            sections.append(Section(heading.line, heading.text, blocks[start + 1 : end]))
    return blocks[: starts[0] if starts else len(blocks)], tuple(sections)

"""Markdown becomes blocks, each in its line."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from breakglass.model.markdown import Code, Heading, Paragraph, every
from breakglass.running.markdown_reading import read

LINES = st.sampled_from(
    [
        "", "", "# One", "## Two ##", "####### no heading", "#no heading", "text", "more `code` text", "Why: because",
        "```sh", "```", "~~~", "   ```sh", "   ```", "breakglass inventory x", "   breakglass inventory x",
        "1. first", "2. second", "3) other", "- bullet", "* star", "  - nested", "   - nested", "   continued",
        "<!-- test: exit=10 -->", "   <!-- test: exit=10 -->", "> quoted", "> - in a quote", ">", "---", "***",
        "| a | b |", "|---|---|", "| `x` | y |",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=12))
@example(["text", "####### no heading", "---"])
def test_any_lines_can_be_read_and_every_block_stands_where_it_begins(lines):
    for block in every(read("\n".join(lines), 1)):
        assert 1 <= block.line <= len(lines)
        match block:
            case Heading():
                assert lines[block.line - 1].strip(" #>-*.)123") in block.text
            case Code(language=language):
                assert language in lines[block.line - 1]


@pytest.mark.parametrize(
    ("fence", "closed"),
    [
        ("```sh\nx\n```", True),
        ("```sh\nx", False),
        ("````\n```\nx", False),
        ("- ~~~\n  x\n\ny", False),
        ("> ```\n> ```", True),
    ],
)
def test_a_fence_that_does_not_end_is_told(fence, closed):
    assert next(one.closed for one in every(read(fence)) if isinstance(one, Code)) is closed


def test_a_comment_says_something_of_the_next_block_of_code_and_of_no_other():
    comment = '<!-- test: world=scenario:gone\n   exit=10 words="a b" quiet -->'
    text = f"1. Why: x\n\n   {comment}\n   ```sh\n   one\n   ```\n\n```sh\ntwo\n```\n"
    first, second = (block for block in every(read(text)) if isinstance(block, Code))
    assert first.notes == {"world": "scenario:gone", "exit": "10", "words": "a b", "quiet": ""}
    assert second.notes == {}
    assert first.lines == ("one",)


def test_lines_are_counted_as_editors_count_them():
    windows = "\ufeff# One\r\n\r\na form feed \x0c and \u2028 end no line\r\n\r\n```sh\r\nx\r\n```\r\n"
    heading, paragraph, code = read(windows)
    assert [heading.line, paragraph.line, code.line, code.lines] == [1, 3, 5, ("x",)]
    assert isinstance(paragraph, Paragraph)

"""Terraform's language, as text. That Terraform reads it so is tried with the real one in tests/system."""

import pytest

from tenantable.infra.terraform.hcl import (
    Argument,
    Block,
    Call,
    Comment,
    Expression,
    Gap,
    arguments,
    literal,
    member,
    render,
    template,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", '"a"'),
        ('say "x"\\\n', '"say \\"x\\"\\\\\\n"'),
        ("${var.x} and %{if}", '"$${var.x} and %%{if}"'),
        ("$ {x} 100%", '"$ {x} 100%"'),
        ("\x00", '"\\U00000000"'),
        (True, "true"),
        (None, "null"),
        (3, "3"),
        ([], "[]"),
        (["a", "b"], '["a", "b"]'),
        ({}, "{}"),
        (Expression("var.x"), "var.x"),
    ],
)
def test_a_value_is_a_literal_of_the_same_meaning(value: object, text: str) -> None:
    assert literal(value) == text


def test_text_in_a_template_is_no_expression() -> None:
    assert template("${a}-", Expression("var.x")).text == '"$${a}-${var.x}"'


def test_an_expression_alone_needs_no_quotes() -> None:
    assert template("", Expression("var.x")).text == "var.x"


def test_a_name_that_is_no_identifier_is_quoted() -> None:
    assert member("local.names", "gsi1", "by-time").text == 'local.names.gsi1["by-time"]'


def test_lines_that_follow_each_other_are_aligned() -> None:
    body = [
        *arguments(a=1, long_name=2),
        Comment("why"),
        *arguments(b=3),
        Gap(),
        *arguments(cc={"x": 1, "y-y": 2}, d=4),
    ]
    assert render([Block("block", "label", body=body)]) == (
        'block "label" {\n'
        "  a         = 1\n"
        "  long_name = 2\n"
        "  # why\n"
        "  b = 3\n"
        "\n"
        "  cc = {\n"
        "    x   = 1\n"
        "    y-y = 2\n"
        "  }\n"
        "  d = 4\n"
        "}\n"
    )


def test_a_comment_cannot_end_its_line() -> None:
    assert render([Comment("a\nb = 1", wide=True)]) == "# a b = 1\n"


def test_a_call_with_several_long_arguments_has_a_line_for_each() -> None:
    assert render([Argument("tags", Call("merge", {"a": 1}, Expression("var.tags")))]) == (
        "tags = merge(\n  {\n    a = 1\n  },\n  var.tags\n)\n"
    )

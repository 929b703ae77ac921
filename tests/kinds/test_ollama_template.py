"""Which variables a prompt template uses, by the rules of Go's template language."""

from __future__ import annotations

import time

import pytest

from census.facts import Tools
from census.kinds.ollama_template import LIMIT, identifiers, tools


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("", ""),
        ("no action, .Tools and }} are text", ""),
        ("{{ .Prompt }}", "prompt"),
        ("{{.Prompt}}{{.System}}", "prompt system"),
        ("{{- .Prompt -}}", "prompt"),
        ("{{ .TOOLS }}", "tools"),
        ("{{ .Foo.Tools }}", "foo tools"),
        ("{{ $.Tools }}", "$ tools"),
        ("{{ $.Foo.Tools.Bar }}", "$ foo tools bar"),
        ("{{ .Tools_1 }}{{ .ToolCalls }}", "tools_1 toolcalls"),
        ("{{ .Wörter }}", "wörter"),
        # Conditions and loops, and both of their branches.
        ("{{ if .Tools }}a{{ end }}", "tools"),
        ("{{if.Tools}}a{{end}}", "tools"),
        ("{{ if .A }}{{ .B }}{{ else }}{{ .C }}{{ end }}", "a b c"),
        ("{{ if .A }}{{ else if .Tools }}{{ end }}", "a tools"),
        ("{{ with .Tools }}{{ . }}{{ else }}{{ .B }}{{ end }}", "tools b"),
        ("{{ range .Tools }}{{ . }}{{ else }}{{ .B }}{{ end }}", "tools b"),
        ('{{ range .Messages }}{{ if eq .Role "tool" }}{{ .Content }}{{ end }}{{ end }}', "messages role content"),
        ("{{ range .A }}{{ if .B }}{{ break }}{{ end }}{{ continue }}{{ end }}", "a b"),
        ("{{ if or .System .Tools }}{{ end }}", "system tools"),
        ("{{ if and (not .A) (gt (len .Tools) 0) }}{{ end }}", "a tools"),
        # Declarations are not uses, what is declared by is one.
        ("{{ $tools := .Foo }}", "foo"),
        ("{{ $x := .Tools }}{{ $x }}", "tools $x"),
        ("{{ $x = .Tools }}", "tools"),
        ("{{ range $i, $Tools := .Messages }}{{ $i }}{{ end }}", "messages $i"),
        ("{{ range $Tools := .Messages }}{{ $Tools.Name }}{{ end }}", "messages $tools name"),
        ("{{ with $x := .A }}{{ $x.Tools }}{{ end }}", "a $x tools"),
        ("{{ if $x := (index .A 0) }}{{ end }}", "a"),
        # Pipes.
        ("{{ .Tools | json }}", "tools"),
        ("{{ json .Tools | len | eq 0 }}", "tools"),
        ("{{ .A | printf .Tools }}", "a tools"),
        # Definitions, blocks and calls of templates.
        ('{{ define "t" }}{{ .Tools }}{{ end }}{{ template "t" . }}', "tools"),
        ('{{ template "t" .Tools }}', "tools"),
        ('{{ template "Tools" }}', ""),
        ('{{ block "b" .A }}{{ .Tools }}{{ end }}', "a tools"),
        # Comments and literals.
        ("{{/* .Tools */}}", ""),
        ("{{- /* {{ .Tools }} */ -}}", ""),
        ("{{/* a }} .Tools */}}{{ .B }}", "b"),
        ('{{ ".Tools" }}', ""),
        ('{{ "a \\" .Tools }}" }}{{ .B }}', "b"),
        ("{{ `.Tools }}` }}{{ .B }}", "b"),
        ("{{ `a \\` .B }}", "b"),
        ("{{ '\"' }}{{ .B }}", "b"),
        ("{{ '\\'' }}{{ .B }}", "b"),
        ('{{ print "a" .B "c" }}', "b"),
        # What a further field is taken of contributes nothing, itself included.
        ("{{ (index .Tools 0).Name }}", ""),
        ("{{ (index .Tools 0).Name.First .B }}", "b"),
        ("{{ (index .Tools 0) .Name }}", "tools name"),
        ("{{ ((.Tools).A).B }}", ""),
        ("{{ (print (index .Tools 0).A .C) }}", "c"),
        ("{{ (print (index .A 0).B .Tools).C }}", ""),
        ("{{ json.Tools }}", ""),
        ("{{ (.Tools) }}", "tools"),
        ("{{ (((.Tools))) }}", "tools"),
        # Numbers are no fields.
        ("{{ .5 }}{{ 1.5 }}{{ slice .A 1 2 }}", "a"),
        ("{{ . }}{{ $ }}", "$"),
        # Newlines within an action are only space.
        ("{{\n  if\n  .Tools\n}}{{ end }}", "tools"),
        # Of a broken template, what comes before it breaks.
        ("{{ .A }}{{ .Tools", "a"),
        ('{{ .A }}{{ .Tools "a }}', "a"),
        ("{{ .A }}{{/* .Tools }}", "a"),
        ("{{ .A ) }}", "a"),
        ("{{ ( .A }}", "a"),
    ],
)
def test_variables_are_found_as_ollama_finds_them(template: str, names: str) -> None:
    assert identifiers(template) == set(names.split())


CHATML = """{{- if .Messages }}
{{- if or .System .Tools }}<|im_start|>system
{{ .System }}
{{- if .Tools }}
# Tools
{{- range .Tools }}
{"type": "function", "function": {{ .Function }}}
{{- end }}
{{- end }}<|im_end|>
{{ end }}
{{- range $i, $_ := .Messages }}
{{- $last := eq (len (slice $.Messages $i)) 1 -}}
{{- if eq .Role "user" }}{{ .Content }}{{ else if eq .Role "assistant" }}{{ if .ToolCalls }}<tool_call>
{{ range .ToolCalls }}{"name": "{{ .Function.Name }}"}{{ end }}</tool_call>{{ end }}
{{- end }}
{{- end }}
{{- else }}{{ .Prompt }}{{ end }}{{ .Response }}"""


def test_a_whole_template_with_tools_has_them() -> None:
    assert tools(CHATML) is Tools.YES
    assert tools(CHATML.replace("range .Tools", "range .Other").replace(".Tools ", ".Other ")) is Tools.NO
    assert "name" in identifiers(CHATML)


def test_jinja_is_not_judged_by_the_rules_of_go() -> None:
    assert tools("{%- if tools %}{{ .Tools }}{% endif %}") is Tools.UNKNOWN


def test_a_template_beyond_the_limit_is_not_looked_through() -> None:
    assert tools("{{ .Tools }}" + "x" * (LIMIT - 12)) is Tools.YES
    assert tools("{{ .Tools }}" + "x" * (LIMIT - 11)) is Tools.UNKNOWN


@pytest.mark.parametrize(
    "unit",
    [
        "{{",
        "{{ (",
        "{{ .a",
        "(.a",
        '"',
        '\\"',
        "{{ $x ",
        "{{ $x, ",
        "{{/*",
        "{{-",
        "{{- ",
        ").a",
        "a.b",
        "$ ",
        "'",
        "`\\",
    ],
)
def test_the_time_grows_with_the_length_and_no_faster(unit: str) -> None:
    length = 2**17  # where anything that goes back over what it has read would take minutes
    began = time.perf_counter()
    identifiers("{{ " + unit * (length // len(unit)))
    identifiers(unit * (length // len(unit)) + " }}")
    assert time.perf_counter() - began < 5

"""The models that the simulated neighbourhood serves: one line each, with what servers tell of them and who made them.

The lineage stands here by hand, so that statistics can be checked against something that does not know the rules of
`census.lineage`. Counts of parameters are those that servers print, rounded: show's exact count and the list's text
then say the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

# family -> developer, and the country it is in
MAKERS: Final = {
    "BGE": ("BAAI", "CN"),
    "Command": ("Cohere", "CA"),
    "DeepSeek": ("DeepSeek", "CN"),
    "EXAONE": ("LG AI Research", "KR"),
    "Falcon": ("TII", "AE"),
    "Gemma": ("Google", "US"),
    "GLM": ("Zhipu AI", "CN"),
    "gpt-oss": ("OpenAI", "US"),
    "Granite": ("IBM", "US"),
    "Llama": ("Meta", "US"),
    "Mistral": ("Mistral AI", "FR"),
    "mxbai": ("Mixedbread", "DE"),
    "Nomic Embed": ("Nomic AI", "US"),
    "Phi": ("Microsoft", "US"),
    "Qwen": ("Alibaba", "CN"),
    "SmolLM": ("Hugging Face", "US"),
    "Yi": ("01.AI", "CN"),
}

# Templates in Go's language as Ollama's are. `mention` speaks of tools only where that does not count; `jinja` is a
# file whose own template knows tools, which Ollama sees from 0.30 on; `?` is a proxy that does not say.
TEMPLATES: Final = {
    "plain": "{{ if .System }}<|system|>{{ .System }}<|end|>{{ end }}<|user|>{{ .Prompt }}<|end|><|assistant|>",
    "mention": '{{- /* no .Tools here */ -}}{{ if .System }}{{ printf "%s .Tools" .System }}{{ end }}'
    "Tools: none\n{{ .Prompt }}",
    "tools": "{{- if .Tools }}<|tools|>{{ range $.Tools }}{{ . }}{{ end }}<|end|>{{ end }}"
    "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ range .ToolCalls }}{{ .Function.Name }}{{ end }}{{ end }}",
    "else": "{{ if .System }}{{ .System }}{{ else if .Tools }}{{ json .Tools }}{{ end }}{{ range .Messages }}"
    "<|{{ .Role }}|>{{ .Content }}{{ end }}",
    "fim": "{{ if .Suffix }}<PRE>{{ .Prompt }}<SUF>{{ .Suffix }}<MID>{{ else }}{{ .Prompt }}{{ end }}",
    "tools+fim": "{{ if .Suffix }}<PRE>{{ .Prompt }}<SUF>{{ .Suffix }}<MID>{{ else }}{{ range .Tools }}{{ . }}{{ end }}"
    "{{ .Prompt }}{{ end }}",
    "embed": "{{ .Prompt }}",
    "jinja": "{{ .Prompt }}",
    "?": "",
}
JINJA_TEXT: Final = (
    "{%- if tools %}{{ tools | tojson }}{%- endif %}{%- for message in messages %}{{ message.content }}{%- endfor %}"
)

_BITS: Final = {"Q4_0": 4.5, "Q4_K_M": 4.85, "Q5_K_M": 5.7, "Q6_K": 6.6, "Q8_0": 8.5, "MXFP4": 4.25, "FP8": 8.0}
_SCALE: Final = {"M": 10**6, "B": 10**9}
_STUB: Final = 384  # bytes of what stands on disk for a model that runs elsewhere


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue.

    `architecture`, `parameters` (a count) and `quantization` are what a server tells or its name says, None where
    neither does; `extras` are capabilities besides completion, tools, insert and embedding; `since` is the first
    release of Ollama that could run it; `weight` its popularity. `base` is the family it was derived from.
    """

    name: str
    architecture: str | None
    parameters: int | None
    parameters_text: str
    quantization: str | None
    context: int
    template: str
    extras: tuple[str, ...]
    since: tuple[int, ...]
    weight: int
    family: str | None
    developer: str | None
    origin: str | None
    base: str | None

    @property
    def derived(self) -> bool:
        """Whether it was made from another model, by anybody."""
        return self.base is not None

    @property
    def remote(self) -> bool:
        """Whether the server only passes it on to its maker's cloud."""
        return self.name.endswith("-cloud")

    @property
    def digest(self) -> str:
        """The manifest's digest, 64 hex digits: the same wherever the model is."""
        return hashlib.sha256(f"manifest of {self.name}".encode()).hexdigest()

    @property
    def size(self) -> int:
        """Bytes on disk."""
        if self.remote or self.parameters is None:
            return _STUB
        return int(self.parameters * _BITS.get(self.quantization or "", 16) / 8)

    @property
    def embeds(self) -> bool:
        """Whether it makes embeddings and no text."""
        return self.template == "embed"

    @property
    def go_tools(self) -> bool:
        """Whether its Go template uses the tools it is given."""
        return self.template in ("tools", "else", "tools+fim")

    def capabilities(self, *, jinja: bool, thinking: bool) -> tuple[str, ...]:
        """What a server tells it can do, in the order of Ollama's list; the flags say what that server knows of."""
        if self.embeds:
            return ("embedding",)
        told = ["completion"]
        told += ["tools"] * (self.go_tools or (jinja and self.template == "jinja"))
        told += ["insert"] * self.template.endswith("fim")
        told += [extra for extra in self.extras if thinking or extra != "thinking"]
        return tuple(told)


def _count(text: str) -> int | None:
    return None if text == "-" else round(float(text[:-1]) * _SCALE[text[-1]])


def _entry(line: str) -> Entry:
    name, architecture, parameters, quantization, context, template, extras, since, weight, lineage = line.split()
    family, _, base = lineage.partition("<")
    family = family.replace("_", " ")
    developer, origin = MAKERS.get(family, (None, None))
    return Entry(
        name=name,
        architecture=None if architecture == "-" else architecture,
        parameters=_count(parameters),
        parameters_text="" if parameters == "-" else parameters,
        quantization=None if quantization == "-" else quantization,
        context=int(context),
        template=template,
        extras=() if extras == "-" else tuple(extras.split(",")),
        since=tuple(int(part) for part in since.split(".")),
        weight=int(weight),
        family=None if family == "-" else family,
        developer=developer,
        origin=origin,
        base=base or None,
    )


def entries(table: str) -> tuple[Entry, ...]:
    """The lines of a table as below."""
    return tuple(_entry(line) for line in table.splitlines() if line.strip())


# name  architecture  parameters  quantization  context  template  extras  since  weight  family[<base]; _ is a space
OLLAMA: Final = entries("""
llama3:8b                   llama       8.0B     Q4_0    8192    plain      -                0.1.32  58  Llama
llama3:70b                  llama       70.6B    Q4_0    8192    plain      -                0.1.32  8   Llama
llama2:7b                   llama       7B       Q4_0    4096    plain      -                0.1.0   22  Llama
llama2:13b                  llama       13B      Q4_0    4096    plain      -                0.1.0   10  Llama
llama2-uncensored:7b        llama       7B       Q4_0    2048    plain      -                0.1.0   12  Llama<Llama
codellama:7b                llama       7B       Q4_0    16384   fim        -                0.1.0   12  Llama
codellama:13b               llama       13B      Q4_0    16384   fim        -                0.1.0   6   Llama
vicuna:7b                   llama       7B       Q4_0    4096    plain      -                0.1.0   8   Llama<Llama
dolphin-llama3:8b           llama       8.0B     Q4_0    8192    mention    -                0.1.32  9   Llama<Llama
llama3.1:8b                 llama       8.0B     Q4_K_M  131072  tools      -                0.2.8   70  Llama
llama3.1:70b                llama       70.6B    Q4_K_M  131072  tools      -                0.2.8   8   Llama
llama3.2:1b                 llama       1.2B     Q8_0    131072  tools      -                0.3.12  35  Llama
llama3.2:3b                 llama       3.2B     Q4_K_M  131072  tools      -                0.3.12  100 Llama
llama3.2-vision:11b         mllama      10.7B    Q4_K_M  131072  plain      vision           0.4.0   14  Llama
llama3.3:70b                llama       70.6B    Q4_K_M  131072  else       -                0.5.1   12  Llama
llama4:16x17b               llama4      108.6B   Q4_K_M  10485760 tools     vision           0.6.7   3   Llama
hermes3:8b                  llama       8.0B     Q4_0    131072  tools      -                0.3.6   5   Llama<Llama
dolphin3:8b                 llama       8.0B     Q4_K_M  131072  plain      -                0.5.5   7   Llama<Llama
hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF:Q4_K_M llama 3.21B Q4_K_M 131072 jinja -          0.3.13  10  Llama
qwen:0.5b                   qwen2       620M     Q4_0    32768   plain      -                0.1.27  9   Qwen
qwen:4b                     qwen2       4.0B     Q4_0    32768   plain      -                0.1.27  12  Qwen
qwen:7b                     qwen2       7.7B     Q4_0    32768   plain      -                0.1.27  30  Qwen
qwen:14b                    qwen2       14.2B    Q4_0    32768   plain      -                0.1.27  6   Qwen
codeqwen:7b                 qwen2       7.3B     Q4_0    65536   plain      -                0.1.32  6   Qwen
qwen2:7b                    qwen2       7.6B     Q4_0    32768   tools      -                0.1.42  14  Qwen
qwen2.5:0.5b                qwen2       494M     Q4_K_M  32768   tools      -                0.3.11  30  Qwen
qwen2.5:1.5b                qwen2       1.5B     Q4_K_M  32768   tools      -                0.3.11  25  Qwen
qwen2.5:3b                  qwen2       3.1B     Q4_K_M  32768   tools      -                0.3.11  25  Qwen
qwen2.5:7b                  qwen2       7.6B     Q4_K_M  32768   tools      -                0.3.11  58  Qwen
qwen2.5:14b                 qwen2       14.8B    Q4_K_M  32768   else       -                0.3.11  25  Qwen
qwen2.5:32b                 qwen2       32.8B    Q4_K_M  32768   tools      -                0.3.11  12  Qwen
qwen2.5:72b                 qwen2       72.7B    Q4_K_M  32768   tools      -                0.3.11  5   Qwen
qwen2.5-coder:1.5b-base     qwen2       1.5B     Q4_K_M  32768   fim        -                0.3.11  20  Qwen
qwen2.5-coder:7b            qwen2       7.6B     Q4_K_M  32768   tools+fim  -                0.3.11  25  Qwen
qwen2.5vl:7b                qwen25vl    8.3B     Q4_K_M  125000  plain      vision           0.7.0   14  Qwen
qwq:32b                     qwen2       32.8B    Q4_K_M  40960   tools      -                0.5.13  9   Qwen
qwen3:0.6b                  qwen3       752M     Q4_K_M  40960   tools      thinking         0.7.1   20  Qwen
qwen3:4b                    qwen3       4.0B     Q4_K_M  40960   tools      thinking         0.7.1   22  Qwen
qwen3:8b                    qwen3       8.2B     Q4_K_M  40960   tools      thinking         0.7.1   40  Qwen
qwen3:14b                   qwen3       14.8B    Q4_K_M  40960   tools      thinking         0.7.1   16  Qwen
qwen3:30b-a3b               qwen3moe    30.5B    Q4_K_M  40960   tools      thinking         0.7.1   14  Qwen
qwen3-coder:30b             qwen3moe    30.5B    Q4_K_M  262144  tools      -                0.12.0  10  Qwen
hf.co/unsloth/Qwen3-8B-GGUF:Q4_K_M qwen3 8.19B   Q4_K_M  40960   jinja      -                0.7.1   9   Qwen
deepseek-coder:6.7b         llama       7B       Q4_0    16384   plain      -                0.1.14  7   DeepSeek
deepseek-coder-v2:16b       deepseek2   15.7B    Q4_0    163840  fim        -                0.1.45  6   DeepSeek
deepseek-r1:1.5b            qwen2       1.8B     Q4_K_M  131072  plain      thinking         0.5.5   22  DeepSeek<Qwen
deepseek-r1:7b              qwen2       7.6B     Q4_K_M  131072  plain      thinking         0.5.5   34  DeepSeek<Qwen
deepseek-r1:8b              llama       8.0B     Q4_K_M  131072  plain      thinking         0.5.5   20  DeepSeek<Llama
deepseek-r1:14b             qwen2       14.8B    Q4_K_M  131072  plain      thinking         0.5.5   22  DeepSeek<Qwen
deepseek-r1:32b             qwen2       32.8B    Q4_K_M  131072  plain      thinking         0.5.5   14  DeepSeek<Qwen
deepseek-r1:70b             llama       70.6B    Q4_K_M  131072  plain      thinking         0.5.5   7   DeepSeek<Llama
deepseek-v3.1:671b-cloud    -           671B     -       163840  tools      thinking         0.12.0  4   DeepSeek
hf.co/unsloth/DeepSeek-R1-Distill-Qwen-7B-GGUF:Q4_K_M qwen2 7.62B Q4_K_M 131072 jinja -      0.5.5   4   DeepSeek<Qwen
gemma:2b                    gemma       3B       Q4_0    8192    plain      -                0.1.26  10  Gemma
gemma:7b                    gemma       9B       Q4_0    8192    plain      -                0.1.26  16  Gemma
codegemma:7b                gemma       9B       Q4_0    8192    fim        -                0.1.32  4   Gemma
gemma2:2b                   gemma2      2.6B     Q4_0    8192    plain      -                0.3.0   16  Gemma
gemma2:9b                   gemma2      9.2B     Q4_0    8192    mention    -                0.1.48  26  Gemma
gemma2:27b                  gemma2      27.2B    Q4_0    8192    plain      -                0.1.48  6   Gemma
gemma3:1b                   gemma3      1.0B     Q4_K_M  32768   plain      -                0.6.0   14  Gemma
gemma3:4b                   gemma3      4.3B     Q4_K_M  131072  plain      vision           0.6.0   32  Gemma
gemma3:12b                  gemma3      12.2B    Q4_K_M  131072  plain      vision           0.6.0   14  Gemma
gemma3:27b                  gemma3      27.4B    Q4_K_M  131072  plain      vision           0.6.0   10  Gemma
mistral:7b                  llama       7.2B     Q4_0    32768   tools      -                0.1.0   18  Mistral
mistral:7b-instruct-v0.2-q8_0 llama     7.2B     Q8_0    32768   plain      -                0.1.0   6   Mistral
mixtral:8x7b                llama       46.7B    Q4_0    32768   plain      -                0.1.16  5   Mistral
mistral-nemo:12b            llama       12.2B    Q4_0    1024000 tools      -                0.3.0   7   Mistral
mistral-small:24b           llama       23.6B    Q4_K_M  32768   tools      -                0.5.7   7   Mistral
mistral-small3.2:24b        mistral3    24.0B    Q4_K_M  131072  tools      vision           0.9.2   6   Mistral
codestral:22b               llama       22.2B    Q4_0    32768   fim        -                0.1.39  4   Mistral
dolphin-mistral:7b          llama       7B       Q4_0    32768   plain      -                0.1.0   6   Mistral<Mistral
phi3:3.8b                   phi3        3.8B     Q4_0    131072  plain      -                0.1.39  18   Phi
phi4:14b                    phi3        14.7B    Q4_K_M  16384   plain      -                0.5.5   16  Phi
phi4-mini:3.8b              phi3        3.8B     Q4_K_M  131072  tools      -                0.5.13  6   Phi
nomic-embed-text:latest     nomic-bert  137M     F16     2048    embed      -                0.1.26  50  Nomic_Embed
mxbai-embed-large:latest    bert        334M     F16     512     embed      -                0.1.26  12  mxbai
bge-m3:latest               bert        567M     F16     8192    embed      -                0.1.42  16  BGE
gpt-oss:20b                 gptoss      20.9B    MXFP4   131072  tools      thinking         0.11.1  26  gpt-oss
gpt-oss:120b                gptoss      116.8B   MXFP4   131072  tools      thinking         0.11.1  7   gpt-oss
gpt-oss:120b-cloud          -           120B     -       131072  tools      thinking         0.12.0  8   gpt-oss
granite3.3:8b               granite     8.2B     Q4_K_M  131072  tools      -                0.6.5   6   Granite
smollm2:135m                llama       135M     F16     8192    tools      -                0.4.0   10  SmolLM
smollm2:1.7b                llama       1.7B     Q8_0    8192    tools      -                0.4.0   5   SmolLM
command-r:35b               command-r   32.3B    Q4_0    131072  tools      -                0.1.30  3   Command
yi:6b                       llama       6B       Q4_0    4096    plain      -                0.1.10  4   Yi
glm4:9b                     chatglm     9.4B     Q4_0    131072  plain      -                0.2.0   5   GLM
falcon3:7b                  llama       7.5B     Q4_K_M  32768   plain      -                0.5.1   3   Falcon
exaone3.5:7.8b              exaone      7.8B     Q4_K_M  32768   plain      -                0.5.1   3   EXAONE
""")

# What others serve. Here parameters and quantization are what the name says, except with llama.cpp, which counts.
VLLM: Final = entries("""
Qwen/Qwen2.5-7B-Instruct                - 7B  -   32768  ? - 0 30 Qwen
Qwen/Qwen3-8B                           - 8B  -   40960  ? - 0 25 Qwen
Qwen/Qwen3-32B-FP8                      - 32B FP8 40960  ? - 0 12 Qwen
meta-llama/Llama-3.1-8B-Instruct        - 8B  -   131072 ? - 0 25 Llama
meta-llama/Llama-3.3-70B-Instruct       - 70B -   131072 ? - 0 10 Llama
deepseek-ai/DeepSeek-R1-Distill-Qwen-32B - 32B -  131072 ? - 0 10 DeepSeek<Qwen
mistralai/Mistral-7B-Instruct-v0.3      - 7B  -   32768  ? - 0 10 Mistral
google/gemma-3-27b-it                   - 27B -   131072 ? - 0 8  Gemma
openai/gpt-oss-120b                     - 120B -  131072 ? - 0 8  gpt-oss
""")
LLAMA_CPP: Final = entries("""
Qwen2.5-7B-Instruct-Q4_K_M.gguf         - 7.6B Q4_K_M 32768  jinja - 0 30 Qwen
Qwen3-8B-Q4_K_M.gguf                    - 8.2B Q4_K_M 40960  jinja - 0 20 Qwen
Meta-Llama-3.1-8B-Instruct-Q5_K_M.gguf  - 8.0B Q5_K_M 131072 jinja - 0 25 Llama
gemma-3-4b-it-Q8_0.gguf                 - 3.9B Q8_0   131072 plain - 0 15 Gemma
Mistral-7B-Instruct-v0.2.Q6_K.gguf      - 7.2B Q6_K   32768  plain - 0 10 Mistral
""")
LITELLM: Final = entries("""
llama-3.3-70b           - 70B -      131072 tools - 0 20 Llama
qwen2.5-72b-instruct    - 72B -      32768  tools - 0 20 Qwen
deepseek-r1             - -   -      131072 plain - 0 15 DeepSeek
mistral-small           - -   -      32768  tools - 0 10 Mistral
nomic-embed-text        - -   -      8192   plain - 0 10 Nomic_Embed
phi-4                   - -   -      16384  ?     - 0 10 Phi
in-house                - -   -      8192   ?     - 0 10 -
""")
OPENAI: Final = entries("""
Qwen2.5-14B-Instruct    - 14B -      32768  ? - 0 20 Qwen
Llama-3.1-8B-Instruct   - 8B  -      131072 ? - 0 20 Llama
gemma-2-9b-it           - 9B  -      8192   ? - 0 10 Gemma
assistant               - -   -      8192   ? - 0 10 -
""")
LLAMA_CPP_PYTHON: Final = entries("""
models/mistral-7b-instruct-v0.2.Q4_K_M.gguf - 7B Q4_K_M 32768  ? - 0 20 Mistral
models/qwen2.5-7b-instruct-q4_k_m.gguf      - 7B Q4_K_M 32768  ? - 0 20 Qwen
models/llama-3.2-3b-instruct-q8_0.gguf      - 3B Q8_0   131072 ? - 0 15 Llama
""")
MLX_LM: Final = entries("""
mlx-community/Qwen3-8B-bf16             - 8B  BF16 40960  ? - 0 20 Qwen
mlx-community/Llama-3.2-3B-Instruct-bf16 - 3B BF16 131072 ? - 0 20 Llama
mlx-community/gemma-2-9b-it-bf16        - 9B  BF16 8192   ? - 0 10 Gemma
""")

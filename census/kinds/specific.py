"""The kinds that have signs of their own, in the order in which they are tried."""

from __future__ import annotations

from typing import Final

from census.kinds import litellm, llama_cpp, llama_cpp_python, mlx_lm, ollama, vllm
from census.kinds.kind import Kind

SPECIFIC: Final[tuple[Kind, ...]] = (
    ollama.KIND,
    llama_cpp.KIND,
    vllm.KIND,
    litellm.KIND,
    llama_cpp_python.KIND,
    mlx_lm.KIND,
)

"""What a published encoder makes of a text, as one module of torch that can be exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

_ENOUGH: Final = 200
"""Positions from which on there is room for every window."""


def vector_of(
    model: torch.nn.Module, pooling: str, layers: list[torch.nn.Module]
) -> torch.nn.Module:
    """Token ids (n, tokens), and a mask for more than one -> (n, dimensions), of length 1.

    Its `centre`, None at first, is taken away from the vectors, which have length 1 again.
    """
    import torch

    class Vector(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model
            self.layers = torch.nn.Sequential(*layers)
            self.register_buffer("centre", None)

        def forward(
            self, input_ids: torch.Tensor, mask: torch.Tensor | None = None
        ) -> torch.Tensor:
            # Models that read forwards alone cannot be exported without a mask.
            shown = torch.ones_like(input_ids) if mask is None else mask
            states = self.model(input_ids=input_ids, attention_mask=shown).last_hidden_state
            pooled = self.layers(_pooled(states, pooling, mask))
            vector = torch.nn.functional.normalize(pooled, dim=1)
            if self.centre is None:
                return vector
            return torch.nn.functional.normalize(vector - self.centre, dim=1)

    return Vector().eval()


def _pooled(states: torch.Tensor, pooling: str, mask: torch.Tensor | None) -> torch.Tensor:
    if pooling == "cls":
        return states[:, 0]
    if pooling == "last":
        if mask is None:
            return states[:, -1]
        return states[range(len(states)), mask.sum(dim=1) - 1]
    if mask is None:
        return states.amax(dim=1) if pooling == "max" else states.mean(dim=1)
    shown = mask.unsqueeze(-1)
    if pooling == "max":
        return states.masked_fill(shown == 0, float("-inf")).amax(dim=1)
    shown = shown.to(states.dtype)
    return (states * shown).sum(dim=1) / shown.sum(dim=1)


def positions(model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase) -> int:
    """How many tokens it takes at once, with those around a text; 0 where that is more than enough.

    Some count positions from behind the padding's number.
    """
    config: Any = model.model.config
    found = getattr(config, "max_position_embeddings", None)
    if not isinstance(found, int) or not 0 < found < _ENOUGH:
        return 0
    return max(found - 1 - int(tokenizer.pad_token_id or 0), 1)


def encoder_alone(model: Any) -> Any:
    return model.get_encoder() if model.config.is_encoder_decoder else model

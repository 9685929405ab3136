"""The model card: what the manifest says, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from classifiers.types import Metrics

_FIGURES = {
    "roc_auc": "area under the ROC curve",
    "one_minus_roca_percent": "1 - area, in percent",
    "pr_auc": "average precision",
    "recall_at_fpr_1_percent": "recall at 1 % false positives",
    "recall_at_fpr_0_1_percent": "recall at 0.1 % false positives",
    "f1": "F1 at 0.5",
    "ece": "calibration error, 15 bins",
    "ece_noise_floor": "the same, were the probabilities right",
    "ece_debiased": "calibration error that noise does not explain",
    "calibration_slope": "calibration slope (95 %), 1 if right",
    "calibration_intercept": "calibration intercept (95 %), 0 if right",
    "log_loss": "log-loss",
    "excess_log_loss": "log-loss over the best slope and intercept",
}


def write_card(name: str, facts: Mapping[str, Any]) -> str:
    """Markdown, of the facts that also go into the manifest."""
    snapshot, made = facts["snapshot"], facts["training"]
    parts = [
        f"# {name}",
        "A calibrated logistic regression over hashed characters, words and numeric features. "
        "It holds no vocabulary and no text.",
        "## Made from",
        f"- {snapshot['spam']} spam and {snapshot['ham']} ham, of which {snapshot['held_back']} "
        f"were held back; SHA-256 of the files {snapshot['sha256']}",
        *_no_room(snapshot.get("no_room", 0)),
        *(f"- {line}" for line in snapshot.get("files", ())),
        f"- parent: {facts['parent']['name'] or 'none'}",
        f"- pull towards {'the parent' if facts['parent']['name'] else 'zero'}: {made['strength']}",
        *_transformer(made),
        *_passages(made.get("passages")),
        f"- {facts['created_at']}, code {facts['code']['sha256'][:12]}",
        "## What it is worth",
        *_table(facts["metrics"]),
        *_beside(facts.get("gate", {}).get("checks", ())),
        "## What to keep in mind",
        "- Figures hold for posts like those it was made from. In another community or language "
        "it ranks less well and its probabilities are off: label a few hundred posts there and "
        "retrain before a threshold is trusted.",
        "- It judges words, not people: it calls spam what looks like what was labelled spam.",
    ]
    return "\n\n".join(_joined(parts)) + "\n"


def _beside(checks: Sequence[Mapping[str, Any]]) -> list[str]:
    """How much worse than its parent, with 95 % confidence."""
    if not checks:
        return []
    return [
        "## Beside its parent, on labels held back",
        "| | how much more than the parent's, 95 % |",
        "|---|---|",
        *(f"| {_cell(check['what'])} | {_cell(check['says'])} |" for check in checks),
    ]


def _cell(text: str) -> str:
    return text.replace("|", " ")


def _no_room(rows: int) -> list[str]:
    return [f"- without the {rows} oldest, for which memory had no room"] if rows else []


def _transformer(made: Mapping[str, Any]) -> list[str]:
    tuned = made.get("transformer")
    if not tuned:
        return []
    losses = ", ".join(f"{loss:.3f}" for loss in tuned["log_loss"])
    return [
        f"- an encoder of its own: {tuned['base']}, fine-tuned in rounds that ended with a "
        f"log-loss of {losses} on posts held back for that; words and encoder were stacked, "
        f"calibrated and measured on {tuned['stacked_on']} posts that neither had seen"
    ]


def _passages(found: Mapping[str, Any] | None) -> list[str]:
    if found is None:
        return []
    held = ""
    if found["honest"]:
        held = (
            f": so {found['raised']} of {found['honest']} honest long posts, that it had not seen, "
            f"are asked about for one alone (at most {100 * found['raised_at_most']:.1f} %, 95 %)"
        )
    return [f"- passages of long posts are asked about from log-odds of {found['limit']:.2f}{held}"]


def _joined(parts: list[str]) -> list[str]:
    """Neighbouring list items and table rows stand together."""
    found: list[str] = []
    for part in parts:
        mark = part[:1]
        if found and mark in ("-", "|") and found[-1].splitlines()[-1][:1] == mark:
            found[-1] += f"\n{part}"
        else:
            found.append(part)
    return found


def _table(metrics: Mapping[str, Metrics]) -> list[str]:
    """One column for each way of measuring."""
    counts = [f"{figures['n']} ({figures['spam']})" for figures in metrics.values()]
    rows = [
        f"| | {' | '.join(metrics)} |",
        f"|---|{'---|' * len(metrics)}",
        f"| posts (spam) | {' | '.join(counts)} |",
    ]
    columns = [told(figures) for figures in metrics.values()]
    for key, title in _FIGURES.items():
        rows.append(f"| {title} | {' | '.join(c.get(key, shown(None)) for c in columns)} |")
    return rows


def told(figures: Mapping[str, object]) -> dict[str, str]:
    """Figures in words; one that has an interval with its ends behind it."""
    found = {}
    for key, value in figures.items():
        low, high = figures.get(f"{key}_low"), figures.get(f"{key}_high")
        ends = "" if low is None or high is None else f" ({shown(low)} to {shown(high)})"
        if not key.endswith(("_low", "_high")):
            found[key] = shown(value) + ends
    return found


def shown(value: object) -> str:
    if value is None:
        return "not known"
    return f"{value:.4f}" if isinstance(value, float) else str(value)

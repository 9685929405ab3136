"""What a benchmark says at its end."""

import argparse
import json
from typing import Any


def print_json(found: dict[str, Any], given: argparse.Namespace, **how: Any) -> None:
    """Print one JSON object; in one line with `--json`. `how` is for `json.dumps`."""
    print(json.dumps(found, indent=None if given.json else 2, **how))

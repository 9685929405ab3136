#!/bin/sh
# Makes .venv with every requirement pinned in requirements-dev.txt; does nothing when it is there.
# Uses uv (installed into .venv first), and pip where uv is not to be had.
set -eu
cd "$(dirname "$0")/.."

python=.venv/bin/python
wanted=$(cat requirements.txt requirements-dev.txt config/install.sh | cksum)

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
uv_pin=$(grep '^uv==' requirements-dev.txt | cut -d' ' -f1)
if "$python" -m pip install --quiet --disable-pip-version-check "$uv_pin" >/dev/null 2>&1; then
    echo "Installing with uv."
    "$python" -m uv pip install --quiet --python "$python" -r requirements-dev.txt ||
        with_pip=yes
else
    with_pip=yes
fi
if [ -n "${with_pip:-}" ]; then
    # Everything is pinned, so there is nothing to resolve; pip would take long to find that out.
    echo "Installing with pip."
    "$python" -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-dev.txt
fi
printf '%s\n' "$wanted" >.venv/installed

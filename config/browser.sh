#!/bin/sh
# Installs Debian's Chromium for the tests where no browser is found and that is possible. Never
# fails: without one, the run says which tests were skipped.
set -eu

for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null; then
        exit 0
    fi
done
debian=$(. /etc/os-release 2>/dev/null && [ "${ID:-}" = debian ] && echo yes || true)
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    debian=
fi
if [ -z "$debian" ] || ! command -v apt-get >/dev/null; then
    echo "No browser: install chromium, and the tests that need one run too." >&2
    exit 0
fi

apt() {
    timeout 300 $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o Acquire::Retries=1 -o Acquire::http::Timeout=20 "$@" >/dev/null 2>&1
}

echo "Installing Debian's Chromium for the tests that need a browser."
install="install --no-install-recommends chromium"
if ! apt $install && ! { apt update && apt $install; }; then
    echo "It could not be installed: the tests that need a browser are skipped." >&2
fi

#!/bin/sh
# Installs what `make hardware` needs, once: Debian packages (asks for root), and under build/hardware a
# Python environment and npm packages of its own. Nothing of the repository's own environment is touched.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$here/../build/hardware
root=""
[ "$(id -u)" = 0 ] || root=sudo
packages="kicad-symbols kicad-footprints ngspice graphviz"
command -v npm >/dev/null || packages="$packages nodejs npm"
"${PYTHON:-python3}" -c "import ensurepip" 2>/dev/null || packages="$packages python3-venv"
for package in $packages; do
    dpkg -s "$package" >/dev/null 2>&1 && continue
    $root apt-get update -qq
    # shellcheck disable=SC2086
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
    break
done
mkdir -p "$out"
"${PYTHON:-python3}" -m venv "$out/venv"
"$out/venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
npm install --silent --no-audit --no-fund --prefix "$out/node" netlistsvg@1.0.2
touch "$out/ready"

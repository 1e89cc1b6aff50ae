#!/bin/sh
# Readies a fresh Debian or Ubuntu: system packages that are missing, then the Python
# environment from the lock file. Does nothing, fast, where all is there already.
#
#   setup.sh            what running needs
#   setup.sh --dev      what tests and checks need besides (a browser, GDAL's tools)
#   setup.sh --image    inside a container image: no database server
set -eu

project=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
cd "$project"
mode=${1:-run}
lock=requirements.lock
[ "$mode" = --dev ] && lock=requirements-dev.lock

say() { printf '%s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
has_library() { PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -q "$1"; }

# -- system packages ---------------------------------------------------------------------
has_postgis() {
    for folder in /usr/lib/postgresql/*/bin; do
        version=$(basename "$(dirname "$folder")")
        [ "$version" -ge 15 ] 2>/dev/null && [ -x "$folder/initdb" ] &&
            [ -f "/usr/share/postgresql/$version/extension/postgis.control" ] && return 0
    done
    return 1
}

# The newest PostGIS that this distribution offers for PostgreSQL 15 or newer.
postgis_packages() {
    newest=$(apt-cache pkgnames postgresql- | sed -n 's/^postgresql-\([0-9]*\)-postgis-3$/\1/p' |
        sort -n | tail -n 1)
    [ -n "$newest" ] && [ "$newest" -ge 15 ] ||
        fail "this distribution has no PostgreSQL 15 with PostGIS; set DATABASE_URL to a server that has"
    say "postgresql-$newest postgresql-$newest-postgis-3 postgresql-$newest-postgis-3-scripts"
}

python_ok() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}
find_python() {
    for candidate in python3 python3.13 python3.12 python3.11 /usr/bin/python3; do
        if python_ok "$candidate"; then command -v "$candidate"; return 0; fi
    done
    return 1
}

missing=
need_database=
if [ "$mode" != --image ] && [ -z "${DATABASE_URL:-}" ] && ! has_postgis; then
    need_database=yes
fi
# PostGIS brings libgdal along.
[ -n "$need_database" ] || has_library 'libgdal\.so' || missing="$missing gdal-bin"
# WeasyPrint asks Pango to lay out the portraits, and HarfBuzz to embed the font.
has_library 'libpangoft2-1\.0\.so' && has_library 'libharfbuzz-subset\.so' ||
    missing="$missing libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
python=$(find_python) || missing="$missing python3 python3-venv"
if [ -n "${python:-}" ] && ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    missing="$missing python3-venv"
fi
if [ "$mode" = --dev ]; then
    [ -x /usr/bin/chromium ] || [ -x /usr/bin/chromium-browser ] || missing="$missing chromium fonts-dejavu-core"
    command -v ogrinfo >/dev/null || missing="$missing gdal-bin"
    command -v docker-compose >/dev/null || missing="$missing docker-compose"
fi

if [ -n "$missing$need_database" ]; then
    command -v apt-get >/dev/null ||
        fail "missing:$missing ${need_database:+PostgreSQL 15+ with PostGIS}; install them with your system's package tool"
    if [ "$(id -u)" -ne 0 ]; then
        database_words=
        [ -n "$need_database" ] && database_words=" $(postgis_packages)"
        fail "some system packages are missing. Run this once, then try again:
  sudo apt-get update && sudo apt-get install -y$missing$database_words"
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >/dev/null || fail "the package lists could not be fetched"
    # Debian would start a server of its own beside the private one: ask it not to.
    quiet=/etc/postgresql-common/createcluster.d/observatory-setup.conf
    if [ -n "$need_database" ]; then
        missing="$missing $(postgis_packages)"
        if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
            mkdir -p "$(dirname "$quiet")"
            echo 'create_main_cluster = false' >"$quiet"
        fi
    fi
    say "Installing system packages:$missing"
    # shellcheck disable=SC2086 # the words are package names
    if ! apt-get install -y -q --no-install-recommends $missing >/tmp/observatory-apt.$$ 2>&1; then
        tail -n 20 /tmp/observatory-apt.$$ >&2
        rm -f "$quiet" /tmp/observatory-apt.$$
        fail "the system packages could not be installed"
    fi
    rm -f "$quiet" /tmp/observatory-apt.$$
    python=$(find_python) || fail "Python 3.11 or newer is needed; this distribution has an older one"
fi

# -- Python environment ------------------------------------------------------------------
stamp=.venv/.lock-sum
wanted=$(cat "$lock" pyproject.toml | sha256sum | cut -d' ' -f1)
if [ -f "$stamp" ] && [ -x .venv/bin/observatory ]; then
    read -r have have_lock <"$stamp" || true
    # The development lock holds everything that running needs.
    if [ "${have:-}" = "$wanted" ]; then exit 0; fi
    if [ "$mode" = run ] && [ "${have_lock:-}" = requirements-dev.lock ] &&
        [ "$(cat requirements-dev.lock pyproject.toml | sha256sum | cut -d' ' -f1)" = "$have" ]; then exit 0; fi
fi

if command -v uv >/dev/null; then
    uv=uv
else
    uv=.tools/bin/uv
    if [ ! -x "$uv" ]; then
        say "Fetching uv, which installs the Python packages"
        "$python" -m venv .tools
        .tools/bin/pip install -q --disable-pip-version-check --require-hashes \
            -r observatory/deploy/uv.lock
    fi
fi
say "Installing Python packages from $lock"
[ -x .venv/bin/python ] && python_ok .venv/bin/python || "$uv" venv -q --clear --python "$python" .venv
# An image is started often and writes nothing of its own: all is compiled beforehand.
compiled=
[ "$mode" = --image ] && compiled=--compile-bytecode
"$uv" pip sync -q $compiled --python .venv/bin/python --require-hashes "$lock"
"$uv" pip install -q --python .venv/bin/python --no-deps -e .
[ "$mode" != --image ] ||
    .venv/bin/python -m compileall -q observatory carroyage importers layers maps
echo "$wanted $lock" >"$stamp"

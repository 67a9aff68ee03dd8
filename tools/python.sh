#!/bin/sh
# Makes sure that there is a python3 for set-up: a fresh Debian with git and make has none.
command -v python3 >/dev/null && exit 0
install='apt-get update && apt-get install -y --no-install-recommends python3 python3-venv'
if ! command -v apt-get >/dev/null; then
    echo 'error: python3 is missing: please install Python 3.11 or newer' >&2
    exit 2
fi
if [ "$(id -u)" = 0 ]; then
    become_root=
elif sudo -n true 2>/dev/null; then
    become_root='sudo -n'
else
    echo "error: python3 is missing, and installing it needs root: sudo sh -c '$install'" >&2
    exit 2
fi
echo 'installing python3 python3-venv'
mkdir -p build
if ! $become_root sh -c "export DEBIAN_FRONTEND=noninteractive; $install" >build/setup.log 2>&1; then
    echo "error: installing python3 failed: $(grep -m1 '^E:' build/setup.log) (all of it: build/setup.log)" >&2
    exit 2
fi

#!/usr/bin/env bash
# Proves both README commands in a freshly debootstrapped Debian 12 with nothing of this machine's in it.
# SPDX-License-Identifier: MIT
set -uo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$ROOT/.ci/setup.sh"

usage() {
  cat <<'HELP'
Usage: tests/fresh_machine.sh [option] [DIR]

Makes a bare Debian 12 (variant minbase) in DIR (default: a temporary folder, removed at the end), copies the committed
tree into it under a path with a space, and runs there: ./app/run.sh --build-only, ./app/run.sh --headless,
the window under Xvfb, and ./tests/run.sh. Needs root and debootstrap. Ends with 77 when it cannot run here.

  --setup-only    only ./app/run.sh --build-only and the headless run
  --build-when F  install packages, then wait for the file F before anything is built
  --share-cache   let it use this machine's cache folder of downloads and compiled third-party libraries
  --keep          do not remove DIR
  --help          this text
HELP
}

setup_only=no
share=no
keep=no
awaited=""
target=""
while [ $# -gt 0 ]; do
  argument="$1"
  shift
  case "$argument" in
    --help | -h) usage; exit 0 ;;
    --setup-only) setup_only=yes ;;
    --build-when) awaited="${1:?--build-when needs a file}"; shift ;;
    --share-cache) share=yes ;;
    --keep) keep=yes ;;
    -*) printf "fresh_machine.sh: '%s' is not an option; --help lists them\n" "$argument" >&2; exit 2 ;;
    *) target="$argument" ;;
  esac
done

cannot() { say "fresh_machine.sh cannot run here: $*"; exit 77; }
[ "$(id -u)" = 0 ] || cannot "it needs root"
if ! command -v debootstrap >/dev/null 2>&1; then
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends debootstrap >/dev/null 2>&1 || cannot "debootstrap is not installed"
fi
unshare -m true 2>/dev/null || cannot "mount namespaces are not allowed"

machine="${target:-$(mktemp -d)}"
cleanup() {
  for mount in $(awk -v m="$machine/" 'index($2, m) == 1 { print $2 }' /proc/mounts | sort -r); do umount -l "$mount" 2>/dev/null; done
  [ "$keep" = yes ] || rm -rf --one-file-system "$machine"
}
trap cleanup EXIT

started=$SECONDS
lap() { say "-- $1: $((SECONDS - lap_start)) s"; lap_start=$SECONDS; }
lap_start=$SECONDS

step "A bare Debian 12 in $machine"
debootstrap --variant=minbase bookworm "$machine" >"$machine.log" 2>&1 || { tail -n 5 "$machine.log"; rm -f "$machine.log"; cannot "debootstrap failed (no network?)"; }
rm -f "$machine.log"
lap debootstrap

checkout="/home/student/attention lab"
mkdir -p "$machine$checkout" "$machine/etc/ssl/certs"
git -C "$ROOT" archive HEAD | tar x -C "$machine$checkout" || exit 1
cp /etc/resolv.conf "$machine/etc/resolv.conf" 2>/dev/null
cp /etc/hosts "$machine/etc/hosts" 2>/dev/null
# A network that signs with its own certificates needs them inside too.
certificates=/etc/ssl/certs/ca-certificates.crt
[ -f "$certificates" ] && mkdir -p "$machine/usr/local/share/host-ca" && cp "$certificates" "$machine/usr/local/share/host-ca/ca.crt"
if [ "$share" = yes ]; then
  # At the same path, which the compiled third-party libraries know.
  mkdir -p "$CACHE" "$machine$CACHE"
  mount --bind "$CACHE" "$machine$CACHE"
fi
for folder in proc dev sys; do mount --rbind "/$folder" "$machine/$folder" && mount --make-rslave "$machine/$folder"; done

# inside NAME COMMAND: in the bare machine, with an environment of its own.
status=0
inside() {
  local name="$1" code
  shift
  step "Inside: $*"
  local handed=(${ALAB_PRESET:+"ALAB_PRESET=$ALAB_PRESET"})
  [ "$share" = no ] || handed+=("ALAB_CACHE_DIR=$CACHE")
  chroot "$machine" /usr/bin/env -i "${handed[@]}" HOME=/home/student PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    TERM=dumb LC_ALL=C.UTF-8 PIP_CERT=/usr/local/share/host-ca/ca.crt SSL_CERT_FILE=/usr/local/share/host-ca/ca.crt \
    /bin/bash -c "cd '$checkout' && $*" </dev/null
  code=$?
  lap "$name"
  if [ "$code" != 0 ]; then
    say "FAILED: $name ended with $code"
    status=1
  fi
  return "$code"
}

if [ -n "$awaited" ]; then
  inside "packages" "./app/run.sh --packages-only" || exit 1
  until [ -e "$awaited" ]; do sleep 2; done
  lap "waiting for $awaited"
fi
inside "first build" "./app/run.sh --build-only" || exit 1
inside "second start" "./app/run.sh --build-only"
inside "headless run" "./app/run.sh --headless '/tmp/results of the labs'"
inside "its reports" "find '/tmp/results of the labs' -name report.html -size +10k | grep -q ." ||
  inside "what was written" "find /tmp/results* | head -n 20"
if [ "$setup_only" = no ]; then
  inside "tests" "./tests/run.sh"
  inside "the window" "LIBGL_ALWAYS_SOFTWARE=1 xvfb-run -a -s '-screen 0 1366x768x24' ./app/run.sh -- --screenshot /tmp/window.png && test -s /tmp/window.png"
fi
say
say "all of it: $((SECONDS - started)) s"
exit "$status"

#!/usr/bin/env bash
# Installs what is missing, builds, and opens the workbook.
# SPDX-License-Identifier: MIT
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
. "$ROOT/.ci/setup.sh"

usage() {
  cat <<'HELP'
Usage: ./app/run.sh [option] [-- options of the workbook]

Installs what is missing (Debian or Ubuntu, by package name), builds, and opens the attention lab workbook.
The first start takes 20 to 30 minutes on two cores, as it compiles everything; later ones under three seconds.

  --no-model            do not fetch SmolLM2 and the books (138 MB); real heads are greyed out
  --headless [OUT_DIR]  no window: run every lab at its presets and write plots and a report into OUT_DIR
                        (default ./lab-results; chosen by itself where there is no display)
  --build-only          build the programs into build/release/bin and stop
  --packages-only       install what is missing and stop
  --help                this text

After --, options go to the workbook: ./app/run.sh -- --lab ch10_02_flash_tiling --theme dark
Downloads and builds of third-party packages are kept in ~/.cache/attention-lab (ALAB_CACHE_DIR changes it).
ALAB_PRESET=dev builds with symbols and warnings as errors instead (presets: CMakePresets.json).
HELP
}

mode=window
out_dir="$PWD/lab-results"
model=yes
while [ $# -gt 0 ]; do
  case "$1" in
    --help | -h) usage; exit 0 ;;
    --no-model) model=no ;;
    --build-only) mode=build ;;
    --packages-only) mode=packages ;;
    --headless)
      mode=headless
      if [ $# -gt 1 ] && [ "${2#-}" = "$2" ]; then out_dir="$2"; shift; fi
      ;;
    --) shift; break ;;
    *) printf "run.sh: '%s' is not an option; --help lists them (options of the workbook go after --)\n" "$1" >&2; exit 2 ;;
  esac
  shift
done

if [ "$mode" = window ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
  say "There is no display here (DISPLAY is not set): running every lab without a window into $out_dir"
  mode=headless
fi

preset="${ALAB_PRESET:-release}"
# shellcheck disable=SC2086
if [ "$mode" = headless ] && [ ! -f "$(build_folder "$preset")/build.ninja" ]; then
  preset=headless
  ensure_packages "for the build" $PACKAGES_BUILD
else
  ensure_packages "for the build and the window" $PACKAGES_BUILD $PACKAGES_WINDOW
  ensure_locale
  [ "$mode" = packages ] || ensure_bundle
fi
[ "$mode" = packages ] && exit 0
if [ "$model" = yes ]; then ensure_model; fi

if command -v nvidia-smi >/dev/null 2>&1 && ! command -v nvcc >/dev/null 2>&1 && [ ! -x /usr/local/cuda/bin/nvcc ]; then
  say "A GPU driver is here but no nvcc: kernels will run on the CPU executor. For the GPU, install the CUDA Toolkit (12 or newer), delete $(build_folder "$preset") and start again."
fi

folder="$(build_folder "$preset")"
if [ "$preset" = headless ]; then
  configure_and_build "$preset" "$folder" alab
else
  configure_and_build "$preset" "$folder" alab attention_lab
fi

case "$mode" in
  build) say; say "Built: $folder/bin/attention_lab (the window) and $folder/bin/alab (the command line)" ;;
  headless) exec "$folder/bin/alab" report --out "$out_dir" "$@" ;;
  window) exec "$folder/bin/attention_lab" "$@" ;;
esac

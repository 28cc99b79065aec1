#!/usr/bin/env bash
# Run once, when Gradescope makes the image: packages, and the workbook's command line built without its window.
# SPDX-License-Identifier: MIT
set -euo pipefail
root="${AUTOGRADER_ROOT:-/autograder}"
source="$root/source/attention-lab"
[ -f "$source/CMakeLists.txt" ] || { echo "setup.sh: $source is not the workbook; see assets/autograder/README.md" >&2; exit 1; }

ROOT="$source"
. "$source/.ci/setup.sh"
export DEBIAN_FRONTEND=noninteractive
apt-get update -q
# shellcheck disable=SC2086
apt-get install -y --no-install-recommends $PACKAGES_BUILD bubblewrap
cd "$source"
cmake --preset headless
cmake --build --preset headless --target alab
"$source/build/headless/bin/alab" --version

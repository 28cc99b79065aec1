#!/usr/bin/env bash
# Collects the headers and the one static library that the headless build needs into .deps/ of this checkout, so
# that it builds on a GPU machine that has nvcc, CMake, ninja and g++ and nothing else. Run it where the packages
# are installed (libeigen3-dev nlohmann-json3-dev libtomlplusplus-dev doctest-dev libboost-context-dev), then copy the checkout.
# SPDX-License-Identifier: MIT
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
deps="$root/.deps"

need() {
  [ -e "$1" ] || { echo "pack_deps.sh: $1 is missing: apt install $2" >&2; exit 1; }
}
library="$(gcc -print-file-name=libboost_context.a)"
need /usr/include/eigen3/Eigen/Core libeigen3-dev
need /usr/include/nlohmann/json.hpp nlohmann-json3-dev
need /usr/include/doctest/doctest.h doctest-dev
need /usr/include/toml++/toml.h libtomlplusplus-dev
need /usr/include/boost/context/detail/fcontext.hpp libboost-context-dev
need "$library" libboost-context-dev

rm -rf "$deps"
mkdir -p "$deps/include/eigen3" "$deps/lib" "$deps/share/cmake" "$deps/share/eigen3"
# What the single headers really include, and no more.
probe="$(mktemp --suffix=.cpp)"
trap 'rm -f "$probe"' EXIT
printf '#include <%s>\n' nlohmann/json.hpp doctest/doctest.h toml++/toml.h boost/context/detail/fcontext.hpp > "$probe"
g++ -std=c++20 -M "$probe" | tr ' \\' '\n\n' | grep -E '^/usr/include/(nlohmann|doctest|toml\+\+|boost)/' | sort -u |
  sed 's|^/usr/include/||' | tar -C /usr/include -cf - -T - | tar -C "$deps/include" -xf -
# Eigen chooses files by instruction set, so its dense part is taken whole.
cp -r /usr/include/eigen3/Eigen "$deps/include/eigen3/"
rm -rf "$deps/include/eigen3/Eigen/src/"{SparseCore,SparseLU,SparseQR,SparseCholesky,IterativeLinearSolvers} \
  "$deps/include/eigen3/Eigen/src/"{CholmodSupport,KLUSupport,MetisSupport,PaStiXSupport,PardisoSupport,SPQRSupport} \
  "$deps/include/eigen3/Eigen/src/"{SuperLUSupport,UmfPackSupport,OrderingMethods,AccelerateSupport}
cp "$library" "$deps/lib/libboost_context.a"
cp -r /usr/share/eigen3/cmake "$deps/share/eigen3/"
cp -r /usr/share/cmake/nlohmann_json "$deps/share/cmake/"
echo "packed $(du -sh "$deps" | cut -f1) into .deps"

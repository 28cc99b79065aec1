#!/usr/bin/env bash
# Collects the headers (and one small static library) that the preset "cuda" needs into .deps/, for a GPU machine that has
# nvcc and CMake but none of the Debian packages. The folder is ignored by git and found by CMake on its own.
# SPDX-License-Identifier: MIT
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
DEPS="$ROOT/.deps"
for needed in /usr/include/eigen3/Eigen/Core /usr/include/nlohmann/json.hpp /usr/include/doctest/doctest.h \
  /usr/include/boost/context/detail/fcontext.hpp; do
  [ -f "$needed" ] || { echo "pack_deps.sh: $needed is missing; run tests/run.sh once, which installs it" >&2; exit 1; }
done
rm -rf "$DEPS"
mkdir -p "$DEPS/include/eigen3" "$DEPS/share" "$DEPS/lib"
cp -r /usr/include/eigen3/Eigen "$DEPS/include/eigen3/"
cp -r /usr/include/nlohmann /usr/include/doctest "$DEPS/include/"
cp -r /usr/share/eigen3 "$DEPS/share/"
json_config="$(dirname "$(find /usr/share/cmake /usr/lib -name nlohmann_jsonConfig.cmake -print -quit)")"
mkdir -p "$DEPS/share/cmake/nlohmann_json"
cp "$json_config"/* "$DEPS/share/cmake/nlohmann_json/"
# Only the Boost headers that a fiber switch includes.
printf '#include <boost/context/detail/fcontext.hpp>\n' | g++ -std=c++20 -M -x c++ - | tr ' \\' '\n\n' | grep '^/usr/include/boost/' |
  while read -r header; do
    mkdir -p "$DEPS/include/$(dirname "${header#/usr/include/}")"
    cp "$header" "$DEPS/include/${header#/usr/include/}"
  done
# boost/config.hpp picks its parts by macros, so the whole (small) folder travels.
cp -r /usr/include/boost/config /usr/include/boost/predef "$DEPS/include/boost/"
cp "$(find /usr/lib -name libboost_context.a -print -quit)" "$DEPS/lib/"
du -sh "$DEPS" | cut -f1

#!/usr/bin/env python3
"""Fails when a file includes something above its floor: reference < kernels < labs < app; tests sees all."""
import pathlib
import re
import sys

MAY = {
    "reference": {"reference"},
    "kernels": {"reference", "kernels"},
    "labs": {"reference", "kernels", "labs"},
    "app": {"reference", "kernels", "labs", "app"},
    "tests": {"reference", "kernels", "labs", "app", "tests"},
}
GUI = re.compile(r"^(imgui|implot|hello_imgui|immapp|imgui_md|ImGui)")
# The ground floor knows the standard library, Eigen and one JSON header; POSIX only inside .cpp files.
GROUND = re.compile(r"^(Eigen/|nlohmann/json\.hpp$|reference/)")
SYSTEM = re.compile(r"^[a-z_0-9]+$|^(sys|fcntl|unistd|pthread)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)
CODE = {".hpp", ".cpp", ".cu", ".cuh", ".h"}


def problems(root):
    for room, may in MAY.items():
        for file in sorted((root / room).rglob("*")):
            if file.suffix not in CODE:
                continue
            where = file.relative_to(root)
            view = room == "labs" and file.name == "view.cpp"
            gui_room = view or room in {"tests"} or where.parts[:2] in {("app", "shell"), ("app", "panels"), ("app", "ui")} or where.parts == ("app", "main.cpp")
            for include in INCLUDE.findall(file.read_text(errors="ignore")):
                top = include.split("/")[0]
                if top in MAY and top not in may and not (view and include.startswith("app/ui/")):
                    yield f"{where}: may not include {include}"
                if GUI.match(include) and not gui_room:
                    yield f"{where}: {include} is a GUI header; those stay in app/shell, app/panels, app/ui and view.cpp"
                if include.endswith(".cuh") and file.suffix not in {".cu", ".cuh"} and room != "tests":
                    yield f"{where}: {include} is a device header in host code"
                if room == "reference" and not GROUND.match(include) and not SYSTEM.match(include.removesuffix(".h")):
                    yield f"{where}: {include}: the ground floor knows only std, Eigen and JSON"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    bad = list(problems(root))
    print("\n".join(bad) or "layers: ok")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main())

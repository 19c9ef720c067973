"""Writes a page as a C++ constant: embed.py PAGE HEADER."""

import sys

page, header = sys.argv[1:]
with open(page, encoding="utf-8") as file:
    text = file.read()
# A compiler need not take more than 64 KiB in one literal; several that stand together are one.
parts = [text[start : start + 8000] for start in range(0, len(text), 8000)]
literals = "\n".join(f'R"page({part})page"' for part in parts)
with open(header, "w", encoding="utf-8") as file:
    file.write(
        "// Made from status_page.html.\n#pragma once\n\n#include <string_view>\n\nnamespace laterd::admin {\n\n"
        f"inline constexpr std::string_view k_status_page =\n{literals};\n\n}}  // namespace laterd::admin\n"
    )

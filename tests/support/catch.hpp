// Picks the header of the Catch2 at hand; tests stay in what 2.13 and 3 share.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>

#include <string>

// 2.13's matchers of texts, by their names there.
namespace Catch {
using Matchers::Matches;

inline auto Contains(const std::string& text) {
    return Matchers::ContainsSubstring(text);
}
}  // namespace Catch
#else
#include <catch2/catch.hpp>
#endif

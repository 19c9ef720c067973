// The exit codes of every command (sysexits.h has the numbers).
#pragma once

namespace laterd::cli {

inline constexpr int k_exit_done = 0;
inline constexpr int k_exit_unwell = 1;  // `health` and `status` only
inline constexpr int k_exit_usage = 64;
inline constexpr int k_exit_unreachable = 69;  // `check --connect` only
inline constexpr int k_exit_internal = 70;
inline constexpr int k_exit_config = 78;  // wins over 69

}  // namespace laterd::cli

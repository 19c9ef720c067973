// What is left of the process when it crashes, or when somebody looks into it.
#pragma once

namespace laterd::runtime {

// No core file, and no other process of the same user reads its memory or environment (/proc/PID/mem, environ, ptrace):
// passwords would be in them. RLIMIT_CORE alone would not do: a kernel that pipes core files to a program ignores it.
void keep_secrets_in_process() noexcept;

}  // namespace laterd::runtime

#include "support/frozen_thread.h"

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace laterd::support {

FrozenThread::FrozenThread(pid_t thread) : thread_(thread) {
    is_frozen_ = ::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) == 0;
    if (is_frozen_) {
        ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
        ::waitpid(thread, nullptr, __WALL);
    }
}

FrozenThread::~FrozenThread() {
    // One that was killed meanwhile stays until its tracer has asked how it ended.
    if (is_frozen_ && ::ptrace(PTRACE_DETACH, thread_, nullptr, nullptr) != 0) {
        ::waitpid(thread_, nullptr, __WALL);
    }
}

std::optional<pid_t> first_thread_named(pid_t process, const std::string& name) {
    std::optional<pid_t> first;
    for (const auto& task :
         std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
        std::string found;
        std::getline(std::ifstream(task.path() / "comm") >> std::ws, found);
        const auto thread = static_cast<pid_t>(std::stol(task.path().filename()));
        if (found == name) {
            first = std::min(first.value_or(thread), thread);
        }
    }
    return first;
}

}  // namespace laterd::support

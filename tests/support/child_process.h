// A program that a test runs: its output goes to a file, and it dies with the test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace laterd::support {

class ChildProcess {
  public:
    struct Options {
        std::vector<std::string> arguments;                            // the first one is the program
        std::vector<std::pair<std::string, std::string>> environment;  // added to the test's own
        std::filesystem::path folder;  // where it runs; empty = where the test runs
        std::filesystem::path output;  // stdout and stderr are appended to it
    };

    // Throws std::system_error when there can be no process. Call it from the main thread: the kernel kills the
    // child when the thread that made it ends.
    explicit ChildProcess(const Options& options);
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    pid_t pid() const { return pid_; }
    bool is_running();

    // Nothing happens when it has ended already.
    void signal(int number);

    // Waits for the end; the exit code, or 128 + the number of the signal that ended it, or nothing when it still runs.
    std::optional<int> wait(std::chrono::milliseconds within);

    // SIGKILL, and waits until it is gone.
    void kill();

  private:
    void reap(int options);

    pid_t pid_ = -1;
    std::optional<int> status_;
};

}  // namespace laterd::support

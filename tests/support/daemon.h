// The built `laterd run` with a routing table of the test's, seen from outside: log lines, counters, exit code, memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/child_process.h"
#include "support/temp_folder.h"

namespace laterd::support {

class Daemon {
  public:
    struct Options {
        std::string table;                                             // the YAML text
        std::vector<std::pair<std::string, std::string>> environment;  // added to the test's own
        std::vector<std::pair<std::string, std::string>> files;  // written beside the table, e.g. secrets
    };

    // Starts at once. The binary is what LATERD_BINARY names; throws std::runtime_error without it.
    explicit Daemon(Options options);
    explicit Daemon(std::string table) : Daemon(Options{.table = std::move(table)}) {}
    // When a check of the test has failed, prints what it logged.
    ~Daemon();

    // With the same table, after it ended.
    void start();
    // Another content for one of `files`.
    void write_file(const std::string& name, const std::string& text) const;
    // Where the table, `laterd.yaml`, and `files` are.
    const std::filesystem::path& folder() const { return folder_.path(); }
    // SIGTERM; its exit code, or nothing when it is still there after `within`.
    std::optional<int> terminate(std::chrono::milliseconds within = std::chrono::seconds(25));
    void kill();    // SIGKILL
    void freeze();  // SIGSTOP
    void thaw();    // SIGCONT
    void signal(int number);
    bool is_running();
    pid_t pid() const { return process_->pid(); }
    std::optional<int> wait(std::chrono::milliseconds within);  // for it to end by itself

    // Since the last start.
    std::vector<std::string> lines() const;
    std::size_t count_lines(const std::string& text) const;
    bool await_line(const std::string& text, std::chrono::milliseconds within) const;

    // The JSON line that SIGUSR1 asks for; null when none came. `route` picks that route's part.
    nlohmann::json counters();
    nlohmann::json counters(const std::string& route);
    // The last such line there is, e.g. the one at the end of `run`.
    nlohmann::json last_counters() const;

    std::int64_t rss_kib() const;
    // User and system time so far.
    std::chrono::milliseconds cpu() const;
    // Unlike RSS this never falls: the most it ever was.
    std::int64_t peak_rss_kib() const;

  private:
    std::int64_t status_kib(const std::string& name) const;

    Options options_;
    TempFolder folder_;
    int starts_ = 0;
    std::string output_;
    std::unique_ptr<ChildProcess> process_;
};

}  // namespace laterd::support

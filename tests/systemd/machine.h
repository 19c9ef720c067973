// A small Debian whose systemd runs laterd.service: booted in a container of systemd-nspawn, on the host's network, with
// the built program in the place where `meson install` puts it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "support/child_process.h"
#include "support/temp_folder.h"

namespace laterd::systemd_test {

class Machine {
  public:
    // Boots it. LATERD_SYSTEMD_ROOT is its root folder, of which nothing is changed; LATERD_UNIT the unit, LATERD_BINARY
    // the program and LATERD_INSTALLED its place in there. Throws std::runtime_error when it does not come up.
    Machine();
    // Stops at once.
    ~Machine();

    struct Said {
        int code;
        std::string text;  // stdout and stderr
    };
    // A line for the shell, as root.
    Said run(const std::string& line) const;

    // /etc/laterd in there.
    void write_config(const std::string& name, const std::string& text, int mode = 0644) const;
    // Seen in there under the same path below /srv: for sockets.
    const std::filesystem::path& shared() const { return shared_; }

    // A clean start for a test: stopped, no drop-ins, nothing failed, an empty journal's place to begin at.
    void reset();
    // What `systemctl edit` would write into [Service].
    void edit(const std::string& text) const;
    Said start() const { return run("systemctl start laterd"); }

    // A property of the service.
    std::string show(const std::string& property) const;
    bool await(const std::string& property, const std::string& value, std::chrono::milliseconds within) const;

    // The service's journal since the last reset: one JSON object a line.
    std::string journal() const;
    bool await_journal(const std::string& text, std::chrono::milliseconds within) const;

    // Its main process, as this host numbers it.
    pid_t host_pid() const;

  private:
    void boot();
    bool has_booted() const;
    pid_t init() const;

    support::TempFolder folder_{"machine"};
    std::filesystem::path shared_;
    std::unique_ptr<support::ChildProcess> container_;
    std::string journal_cursor_;
};

}  // namespace laterd::systemd_test

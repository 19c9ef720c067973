// Reads the routing table again when asked: a bad one changes nothing and is explained, of a good one the supervisor
// applies what differs.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "config/difference.h"
#include "config/load.h"
#include "core/time.h"
#include "loop/errands.h"
#include "runtime/supervisor.h"

namespace laterd::runtime {

class Reload {
  public:
    struct Setup {
        std::string file;  // for messages
        // Reads and checks it as at the start; never throws. It may block, so it runs on a thread of its own.
        std::function<config::Loaded()> load;
        // Around each reload, bad or good, for whoever tells a service manager. May be empty.
        std::function<void()> on_begin;
        std::function<void()> on_end;
    };

    // `supervisor` outlives it and runs `table`.
    Reload(Setup setup, Supervisor::Table table, Supervisor& supervisor);

    // Begins one. Asked again while the table is being read, it is read once more.
    void request();

    // Becomes readable when a table has been read: then call collect().
    int fd() const noexcept { return errands_.fd(); }
    void collect() { errands_.collect(); }

    // After the supervisor was looked after: whether what was applied is through.
    void look_after(const core::Now& now);

    // The process is about to end: what is read from now on is not applied.
    void give_up();

    // Of the last reload, and of the start as long as there was none: whether its table was good. From any thread.
    bool succeeded() const noexcept { return succeeded_; }
    bool is_under_way() const noexcept { return is_reading_ || is_applying_; }
    // The thread that reads may hang on a file that does not answer.
    bool is_reading() const noexcept { return is_reading_; }

    // In force: what needs a restart has its old values.
    const config::RoutingTable& table() const noexcept { return *table_; }

  private:
    void read();
    void judge(const config::Loaded& loaded);
    void apply(const config::RoutingTable& read, const config::Difference& difference);
    void refuse();
    void end();

    const Setup setup_;
    Supervisor::Table table_;
    Supervisor& supervisor_;
    bool is_reading_ = false;
    bool is_asked_again_ = false;
    bool is_applying_ = false;
    std::atomic<bool> succeeded_{true};
    bool has_given_up_ = false;
    config::Difference applied_;
    core::SteadyTime began_at_{};

    // Last: its thread is gone before anything that it uses.
    loop::Errands errands_;
};

}  // namespace laterd::runtime

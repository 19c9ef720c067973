#include "runtime/run.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

#include "admin/metrics.h"
#include "admin/server.h"
#include "config/endpoint.h"
#include "log/log.h"
#include "loop/clock.h"
#include "loop/fd.h"
#include "loop/poller.h"
#include "runtime/reload.h"
#include "runtime/service_link.h"
#include "runtime/supervisor.h"

namespace laterd::runtime {

namespace {

sigset_t our_signals() noexcept {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) {
        sigaddset(&signals, signal);
    }
    return signals;
}

constexpr int k_cannot_listen = 70;

// The main thread of `laterd run`: signals, and the workers' lives.
class Runner {
  public:
    Runner(const Supervisor::Table& table, Reload::Setup reload, Versions versions)
        : supervisor_(table),
          service_(supervisor_),
          reload_(told_to_service(std::move(reload)), table, supervisor_),
          versions_(std::move(versions)),
          started_(loop::read_clocks().wall) {
        const sigset_t signals = our_signals();
        signals_ = loop::Fd(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
        if (!signals_.is_open()) {
            throw std::system_error(errno, std::system_category(), "signalfd");
        }
        poller_.add(signals_.get(), [this] { read_signals(); });
        poller_.add(supervisor_.fd(), [] {});
        poller_.add(reload_.fd(), [this] { reload_.collect(); });
    }

    // Empty: there is none. False when it cannot be opened.
    bool open_admin(const std::string& listen) {
        if (listen.empty()) {
            return true;
        }
        try {
            server_.emplace(listen, [this] { return look(); });
        } catch (const std::exception& error) {
            log::error("admin endpoint not opened", {{"error", error.what()}});
            return false;
        }
        log::info("admin endpoint open", {{"listen", listen}});
        if (config::is_open_to_others(listen)) {
            log::warn("admin endpoint open to other machines",
                      {{"listen", listen}, {"hint", "it asks nobody who they are"}});
        }
        return true;
    }

    void run() {
        supervisor_.start();
        service_.started(loop::read_clocks());
        while (true) {
            core::Now now = loop::read_clocks();
            const std::optional<core::SteadyTime> next = supervisor_.look_after(now);
            reload_.look_after(now);
            if (ending_ && supervisor_.has_ended()) {
                break;
            }
            if (ending_ && !has_left_ && supervisor_.has_left()) {
                has_left_ = true;
                give_up_at_ = std::min(*give_up_at_, now.steady + k_end_patience);
            }
            if (give_up_at_ && now.steady >= *give_up_at_) {
                if (!has_left_) {
                    log::warn("drain abandoned", {{"hint", "what was in flight comes again"}});
                }
                break;
            }
            const core::SteadyTime serve_again = service_.serve(now, give_up_at_);
            poller_.wait(std::nullopt, earlier(serve_again, earlier(next, give_up_at_)));
        }
        log_counters();
        server_.reset();
        if (!supervisor_.has_ended() || reload_.is_reading()) {
            // A client that cannot be closed (its cluster is away) must not keep the process, nor a file that hangs.
            log::stop();
            _exit(0);
        }
    }

  private:
    static std::optional<core::SteadyTime> earlier(std::optional<core::SteadyTime> a,
                                                   std::optional<core::SteadyTime> b) {
        return a && b ? std::min(*a, *b) : a ? a : b;
    }

    void read_signals() {
        signalfd_siginfo info{};
        while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            switch (info.ssi_signo) {
                case SIGUSR1:
                    log_counters();
                    break;
                case SIGHUP:
                    reload_.request();
                    break;
                default:
                    end();
            }
        }
    }

    Reload::Setup told_to_service(Reload::Setup reload) {
        reload.on_begin = [this] { service_.reloading(loop::read_clocks()); };
        reload.on_end = [this] { service_.reloaded(loop::read_clocks(), reload_.succeeded()); };
        return reload;
    }

    void end() {
        const core::SteadyTime now = loop::read_clocks().steady;
        if (ending_) {
            log::warn("stopped at once", {{"hint", "what was in flight comes again"}});
            supervisor_.stop();
            give_up_at_ = now + k_close_patience;
            return;
        }
        ending_ = true;
        reload_.give_up();
        const std::chrono::milliseconds timeout = supervisor_.drain_timeout();
        log::info("draining", {{"timeout_ms", timeout.count()}});
        supervisor_.drain();
        give_up_at_ = now + timeout + k_close_patience;
    }

    // Also on the admin endpoint's thread.
    admin::ProcessState look() const {
        return {.now = loop::read_clocks().wall,
                .started = started_,
                .workers = supervisor_.workers(),
                .is_draining = ending_,
                .log_dropped = log::dropped(),
                .reload_success = reload_.succeeded(),
                .version = versions_.laterd,
                .librdkafka = versions_.librdkafka};
    }

    void log_counters() { log::write_raw(admin::report_line(look())); }

    // For leaving the groups and closing the clients after the drain.
    static constexpr std::chrono::milliseconds k_close_patience{2'000};

    // For ending the clients when nothing depends on them any more.
    static constexpr std::chrono::milliseconds k_end_patience{1'000};

    Supervisor supervisor_;
    ServiceLink service_;
    Reload reload_;
    loop::Fd signals_;
    loop::Poller poller_;
    const Versions versions_;
    const core::WallTime started_;
    std::atomic<bool> ending_{false};
    bool has_left_ = false;
    std::optional<core::SteadyTime> give_up_at_;
    std::optional<admin::Server> server_;  // last: its thread looks at the others
};

}  // namespace

void block_signals() {
    const sigset_t signals = our_signals();
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    signal(SIGPIPE, SIG_IGN);
}

void unblock_signals() {
    const sigset_t signals = our_signals();
    sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

int run(config::RoutingTable table, Reload::Setup reload, const Versions& versions) {
    const auto shared = std::make_shared<const config::RoutingTable>(std::move(table));
    Runner runner(shared, std::move(reload), versions);
    if (!runner.open_admin(shared->admin_listen)) {
        return k_cannot_listen;
    }
    runner.run();
    return 0;
}

}  // namespace laterd::runtime

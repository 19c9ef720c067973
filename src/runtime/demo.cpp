#include "runtime/demo.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>

#include "config/load.h"
#include "kafka/embedded_broker.h"
#include "kafka/producer.h"
#include "log/log.h"
#include "loop/clock.h"
#include "loop/fd.h"
#include "loop/poller.h"
#include "runtime/demo_view.h"
#include "runtime/run.h"
#include "runtime/supervisor.h"

namespace laterd::runtime {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds k_length{20'000};
constexpr milliseconds k_tick{20};
constexpr milliseconds k_view_every{1'000};
constexpr int k_partitions = 4;

// Of the reminders that the demo produces.
constexpr int k_remind_after_most_ms = 8'000;

constexpr const char* k_table = R"(clusters:
  demo:
    brokers: [{}]
routes:
  orders-3s:                      # every order again, 3 s after its timestamp
    from: {{topics: [orders], group: demo-orders}}
    delay: 3s
    to: {{topic: orders.later}}
  reminders:                      # each at the instant in its header
    from: {{topics: [reminders], group: demo-reminders}}
    due: {{header: deliver-at, format: unix_ms}}
    order: partition
    to: {{topic: reminders.now}}
    dead_letter: {{topic: reminders.dead}}
)";

config::RoutingTable load_table(const std::string& text) {
    config::Loaded loaded = config::load_text(text, ".", config::process_environment(), {});
    if (!loaded.table) {
        throw std::logic_error("the demo's routing table is not valid");
    }
    return *loaded.table;
}

// Writes sample records with the same client that laterd uses.
class Sampler final : private kafka::Producer::Listener {
  public:
    explicit Sampler(const config::Cluster& cluster)
        : producer_({.cluster = cluster, .properties = properties_, .name = "demo", .queue_bytes = 16 << 20}),
          orders_(producer_.topic("orders")),
          reminders_(producer_.topic("reminders")) {}
    ~Sampler() override { producer_.close(*this, milliseconds(500)); }

    void produce(core::WallTime now) {
        ++number_;
        key_ = fmt::format("customer-{}", number_ % 17);
        send(orders_, {});
        if (number_ % 5 == 0) {
            const auto due = now + milliseconds(random_(generator_));
            kafka::Headers headers(1);
            headers.add("deliver-at", fmt::format("{}", due.time_since_epoch().count()));
            send(reminders_, std::move(headers));
        }
        producer_.serve(*this);
    }

  private:
    void send(kafka::TopicHandle topic, kafka::Headers headers) {
        // The producer does not copy values; a text that lives as long as the program may stay where it is.
        static constexpr std::string_view k_value = "{\"hello\": \"later\"}";
        producer_.send({.topic = topic, .key = key_, .value = k_value}, headers);
    }
    void on_report(void*, kafka::ErrorCode) override {}
    void on_error(kafka::ErrorCode, std::string_view text, bool) override {
        log::warn("demo producer", {{"error", text}});
    }
    void on_log(int, std::string_view) override {}

    config::Properties properties_;
    kafka::Producer producer_;
    kafka::TopicHandle orders_;
    kafka::TopicHandle reminders_;
    std::string key_;
    std::uint64_t number_ = 0;
    std::mt19937 generator_{std::random_device{}()};
    std::uniform_int_distribution<int> random_{0, k_remind_after_most_ms};
};

class Demo {
  public:
    explicit Demo(bool serve)
        : serve_(serve),
          text_(make_broker()),
          table_(std::make_shared<const config::RoutingTable>(load_table(text_))),
          supervisor_(table_) {
        sigset_t signals;
        sigemptyset(&signals);
        for (const int signal : {SIGTERM, SIGINT}) {
            sigaddset(&signals, signal);
        }
        signals_ = loop::Fd(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
        poller_.add(signals_.get(), [this] { read_signals(); });
        poller_.add(supervisor_.fd(), [] {});
    }

    void run() {
        introduce();
        supervisor_.start();
        sampler_.emplace(table_->clusters.front());
        const core::SteadyTime began = loop::read_clocks().steady;
        core::SteadyTime view_at = began;
        while (true) {
            const core::Now now = loop::read_clocks();
            supervisor_.look_after(now);
            if (ending_ && (supervisor_.has_ended() || now.steady >= *give_up_at_)) {
                break;
            }
            if (!ending_ && have_joined()) {
                sampler_->produce(now.wall);
            }
            if (now.steady >= view_at) {
                view_at += k_view_every;
                view_.show(supervisor_.workers(), now.steady - began);
            }
            if (!serve_ && now.steady - began >= k_length) {
                end(now.steady);
            }
            poller_.wait(std::nullopt, now.steady + k_tick);
        }
        view_.summarise(supervisor_.workers());
        std::fflush(stdout);
    }

  private:
    std::string make_broker() {
        for (const char* topic : {"orders", "orders.later", "reminders", "reminders.now", "reminders.dead"}) {
            broker_.create_topic(topic, k_partitions);
        }
        return fmt::format(k_table, broker_.bootstrap().front());
    }

    void introduce() const {
        fmt::print("laterd demo: two routes on an embedded broker\n\n{}\n", text_);
        if (serve_) {
            const std::string& address = broker_.bootstrap().front();
            fmt::print(
                "Try from another terminal (kcat is in Debian's package kcat):\n"
                "  kcat -b {0} -C -t orders.later -o end -f '%T %k %s\\n'\n"
                "  echo 'mine' | kcat -b {0} -P -t orders -k me\n"
                "  echo 'wake up' | kcat -b {0} -P -t reminders -H deliver-at=$(( ($(date +%s) + 5) * 1000 "
                "))\n"
                "  kcat -b {0} -C -t reminders.now -o end -f '%T %h %s\\n'\n"
                "Ctrl-C ends it.\n\n",
                address);
        }
        std::fflush(stdout);
    }

    // Else the first records would be late by the time it takes to join.
    bool have_joined() const {
        const std::vector<admin::WorkerState> all = supervisor_.workers();
        return std::all_of(all.begin(), all.end(), [](const admin::WorkerState& route) {
            return route.counters->partitions[0].get() > 0;
        });
    }

    void read_signals() {
        signalfd_siginfo info{};
        while (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            end(loop::read_clocks().steady);
        }
    }

    void end(core::SteadyTime now) {
        if (ending_) {
            return;
        }
        ending_ = true;
        give_up_at_ = now + milliseconds(5'000);
        supervisor_.drain();
    }

    const bool serve_;
    kafka::EmbeddedBroker broker_;
    const std::string text_;
    const std::shared_ptr<const config::RoutingTable> table_;
    Supervisor supervisor_;
    DemoView view_;
    std::optional<Sampler> sampler_;
    loop::Fd signals_;
    loop::Poller poller_;
    bool ending_ = false;
    std::optional<core::SteadyTime> give_up_at_;
};

}  // namespace

int demo(bool serve) {
    Demo demo(serve);
    demo.run();
    return 0;
}

}  // namespace laterd::runtime

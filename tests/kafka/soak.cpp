// The scenario that laterd is named for: a long delay, records that trickle and burst meanwhile. Takes twice the delay;
// script/soak runs it. Prints what it measured and fails when a promise was broken.
#include "kafka/scene.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <thread>

namespace {

using namespace laterd::kafka_test;

constexpr int k_partitions = 10;
constexpr auto k_burst_every = 60s;
constexpr int k_burst = 5'000;
constexpr std::int64_t k_late_ms = 1'000;
constexpr std::int64_t k_growth_kib = 48 * 1'024;

struct Peak {
    std::int64_t first = 0;
    std::int64_t most = 0;

    void see(std::int64_t rss) {
        first = first == 0 ? rss : first;
        most = std::max(most, rss);
    }
};

int soak(std::chrono::seconds delay) {
    KafkaBroker broker;
    Scene scene(broker, "soak", k_partitions);
    Observer observer(broker.bootstrap(), {scene.out()});
    Daemon daemon(scene.usual(std::to_string(delay.count()) + "s"));
    if (!scene.await_positions()) {
        std::cerr << "the daemon took no position\n";
        return 1;
    }
    Peak memory;
    int produced = 0;
    const auto send = [&](int count) {
        for (int i = 0; i < count; ++i) {
            scene.produce("r" + std::to_string(produced), delay, produced % k_partitions, 0, 150);
            ++produced;
        }
        scene.producer.flush();
    };
    // One record a second, and a burst a minute, for as long as the delay.
    const auto began = std::chrono::steady_clock::now();
    auto next_burst = began;
    while (std::chrono::steady_clock::now() - began < delay) {
        if (std::chrono::steady_clock::now() >= next_burst) {
            next_burst += k_burst_every;
            send(k_burst);
        }
        send(1);
        memory.see(daemon.rss_kib());
        std::this_thread::sleep_for(1s);
    }
    const auto waiting_cpu = daemon.cpu();
    const bool complete = observer.await_distinct(static_cast<std::size_t>(produced), delay + 60s);
    memory.see(daemon.rss_kib());

    const Account::Verdict verdict = scene.account.judge(observer.records());
    const auto counters = daemon.counters("usual");
    const auto rebalances = counters.value("laterd_rebalances_total", 0);
    const double waiting_percent = 100.0 * static_cast<double>(waiting_cpu.count()) /
                                   static_cast<double>(std::chrono::milliseconds(delay).count());
    std::cout << "delay " << delay.count() << " s, " << produced << " records over " << k_partitions
              << " partitions, one a second and " << k_burst << " a minute\n"
              << "missing " << verdict.missing << ", early " << verdict.early << ", duplicates "
              << verdict.duplicates << ", out of order " << verdict.out_of_order << ", latest "
              << verdict.latest_ms << " ms after due\n"
              << "rebalances " << rebalances << ", RSS " << memory.first / 1'024 << " MiB at first, "
              << memory.most / 1'024 << " MiB at most, CPU while waiting " << waiting_percent << " %\n"
              << "lateness at release: " << counters.value("laterd_lateness_seconds", nlohmann::json()).dump()
              << '\n';
    const bool good = complete && verdict.missing == 0 && verdict.early == 0 && verdict.duplicates == 0 &&
                      verdict.out_of_order == 0 && verdict.latest_ms < k_late_ms && rebalances == 1 &&
                      memory.most - memory.first < k_growth_kib && daemon.terminate() == 0;
    std::cout << (good ? "soak passed" : "soak FAILED") << '\n';
    return good ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
    return soak(std::chrono::seconds(count > 1 ? std::atoi(arguments[1]) : 900));
}

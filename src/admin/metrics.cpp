#include "admin/metrics.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "admin/route.h"
#include "core/view.h"

namespace laterd::admin {

namespace {

using core::Counter;
using core::Counters;
using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::array k_duplicate_causes{"revoked", "lost", "restarted", "refused"};
constexpr std::array<const char*, 4> k_route_states{"running", "holding", "stopped", "draining"};

using Labels = std::vector<ClientMetric::Label>;

double seconds(std::uint64_t ms) {
    return static_cast<double>(ms) / 1'000;
}

// Collects one family, a metric at a time.
class Family {
  public:
    Family(std::string name, std::string help, MetricType type)
        : family_{.name = std::move(name), .help = std::move(help), .type = type, .metric = {}} {}

    void add(Labels labels, double value) {
        ClientMetric metric;
        metric.label = std::move(labels);
        if (family_.type == MetricType::Counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
        family_.metric.push_back(std::move(metric));
    }
    void add(Labels labels, std::uint64_t value) { add(std::move(labels), static_cast<double>(value)); }
    void add(Labels labels, bool value) { add(std::move(labels), value ? 1.0 : 0.0); }

    void add(Labels labels, const std::vector<const core::Durations*>& durations) {
        ClientMetric metric;
        metric.label = std::move(labels);
        std::uint64_t cumulated = 0;
        std::uint64_t sum_us = 0;
        for (const core::Durations* part : durations) {
            sum_us += part->sum_us();
        }
        for (std::size_t i = 0; i < core::Durations::k_buckets; ++i) {
            for (const core::Durations* part : durations) {
                cumulated += part->count(i);
            }
            const std::int64_t upper = core::Durations::upper_ms(i);
            if (upper >= 0) {
                metric.histogram.bucket.push_back(
                    {.cumulative_count = cumulated, .upper_bound = static_cast<double>(upper) / 1'000});
            }
        }
        metric.histogram.sample_count = cumulated;
        metric.histogram.sample_sum = static_cast<double>(sum_us) / 1'000'000;
        family_.metric.push_back(std::move(metric));
    }

    MetricFamily take() { return std::move(family_); }

  private:
    MetricFamily family_;
};

class Collector {
  public:
    explicit Collector(const ProcessState& state) : state_(state), routes_(routes_of(state)) {}

    std::vector<MetricFamily> collect() {
        records();
        copies();
        timing();
        waiting();
        group();
        process();
        return std::move(families_);
    }

  private:
    template <typename Fill>
    void family(const char* name, const char* help, MetricType type, Fill fill) {
        Family family(name, help, type);
        for (const Route& route : routes_) {
            fill(family, route);
        }
        families_.push_back(family.take());
    }

    void total(const char* name, const char* help, Counter Counters::* member,
               MetricType type = MetricType::Counter) {
        family(name, help, type, [member](Family& family, const Route& route) {
            family.add({{"route", route.name}},
                       sum(route.workers, [member](const Counters& c) { return (c.*member).get(); }));
        });
    }

    // Of the workers' ages the largest.
    void age(const char* name, const char* help, Counter Counters::* member) {
        family(name, help, MetricType::Gauge, [member](Family& family, const Route& route) {
            family.add(
                {{"route", route.name}},
                seconds(largest(route.workers, [member](const Counters& c) { return (c.*member).get(); })));
        });
    }

    // Those that ever came, by reason.
    void by_reason(const char* name, const char* help, core::ByReason Counters::* member) {
        family(name, help, MetricType::Counter, [member](Family& family, const Route& route) {
            const auto add = [&](core::Reason reason, std::uint16_t code, std::uint64_t count) {
                if (count > 0) {
                    family.add({{"route", route.name}, {"reason", core::to_string(reason, code)}}, count);
                }
            };
            for (std::size_t i = 0; i < core::k_reasons; ++i) {
                if (const auto reason = static_cast<core::Reason>(i); reason != core::Reason::http) {
                    add(reason, 0,
                        sum(route.workers, [&](const Counters& c) { return (c.*member).reason[i].get(); }));
                }
            }
            for (std::size_t i = 0; i < core::ByReason::k_statuses; ++i) {
                add(core::Reason::http, static_cast<std::uint16_t>(i),
                    sum(route.workers, [&](const Counters& c) { return (c.*member).status[i].get(); }));
            }
        });
    }

    void by_topic(const char* name, const char* help, MetricType type,
                  Counter core::TopicCounters::* member) {
        family(name, help, type, [member](Family& family, const Route& route) {
            std::map<std::string, std::uint64_t> by_topic;
            for (const WorkerState* worker : route.workers) {
                for (const core::ByTopic::Entry& entry : worker->counters->topics.all()) {
                    by_topic[entry.topic] += (entry.counters->*member).get();
                }
            }
            for (const auto& [topic, count] : by_topic) {
                family.add({{"route", route.name}, {"topic", topic}}, count);
            }
        });
    }

    void records() {
        by_topic("laterd_records_consumed_total", "Records read from a source, retry or waiting topic",
                 MetricType::Counter, &core::TopicCounters::consumed);
        total("laterd_records_released_total",
              "Records whose time had come, given to the sink or dead-lettered", &Counters::released);
        family("laterd_deliveries_total", "Deliveries by what became of them", MetricType::Counter,
               [](Family& family, const Route& route) {
                   constexpr std::array<std::pair<const char*, Counter Counters::*>, 4> outcomes{{
                       {"delivered", &Counters::delivered},
                       {"retry", &Counters::failed},
                       {"rejected", &Counters::rejected},
                       {"not_attempted", &Counters::not_attempted},
                   }};
                   for (const auto& [outcome, member] : outcomes) {
                       family.add(
                           {{"route", route.name}, {"outcome", outcome}},
                           sum(route.workers, [m = member](const Counters& c) { return (c.*m).get(); }));
                   }
               });
    }

    void copies() {
        by_reason("laterd_retries_total", "Failed deliveries that are tried again, by why they failed",
                  &Counters::retries);
        by_reason("laterd_dead_letters_total", "Records that were given up, by why", &Counters::dead_letters);
        total("laterd_records_lost_total", "Records that the broker deleted before their time",
              &Counters::lost);
        family("laterd_duplicates_total", "Records knowingly given up to come twice, by why",
               MetricType::Counter, [](Family& family, const Route& route) {
                   for (std::size_t i = 0; i < k_duplicate_causes.size(); ++i) {
                       family.add(
                           {{"route", route.name}, {"cause", k_duplicate_causes[i]}},
                           sum(route.workers, [i](const Counters& c) { return c.duplicates[i].get(); }));
                   }
               });
    }

    void timing() {
        family("laterd_lateness_seconds",
               "Release minus due; in partition order minus the latest due time of it and its predecessors",
               MetricType::Histogram, [](Family& family, const Route& route) {
                   std::vector<const core::Durations*> all;
                   for (const WorkerState* worker : route.workers) {
                       all.push_back(&worker->counters->lateness);
                   }
                   family.add({{"route", route.name}}, all);
               });
        family("laterd_handler_seconds", "Calls of the handler, by how they ended", MetricType::Histogram,
               [](Family& family, const Route& route) {
                   std::map<std::string, std::vector<const core::Durations*>> by_code;
                   for (const WorkerState* worker : route.workers) {
                       for (const core::HandlerTimes::Entry& entry : worker->counters->handler_times.all()) {
                           by_code[entry.code].push_back(entry.durations);
                       }
                   }
                   for (const auto& [code, durations] : by_code) {
                       family.add({{"route", route.name}, {"code", code}}, durations);
                   }
               });
        age("laterd_overdue_seconds",
            "Now minus the oldest due time that is not settled; 0 when there is none", &Counters::overdue_ms);
        family("laterd_next_due_timestamp_seconds",
               "When the next record is due; 0 when none is known to wait", MetricType::Gauge,
               [](Family& family, const Route& route) {
                   const auto due = next_due(route.workers).value_or(core::WallTime{});
                   family.add({{"route", route.name}},
                              static_cast<double>(due.time_since_epoch().count()) / 1'000);
               });
    }

    void waiting() {
        total("laterd_held_records", "Records in the hold", &Counters::held_records, MetricType::Gauge);
        total("laterd_held_bytes", "Memory of the records in the hold", &Counters::held_bytes,
              MetricType::Gauge);
        family("laterd_hold_full_seconds_total", "Time in which the memory limit kept the route from reading",
               MetricType::Counter, [](Family& family, const Route& route) {
                   family.add(
                       {{"route", route.name}},
                       seconds(sum(route.workers, [](const Counters& c) { return c.hold_full_ms.get(); })));
               });
        total("laterd_in_flight", "Records released and not yet settled", &Counters::in_flight,
              MetricType::Gauge);
        family("laterd_partitions", "Assigned partitions by state", MetricType::Gauge,
               [](Family& family, const Route& route) {
                   for (std::size_t i = 0; i < 4; ++i) {
                       const auto state = core::to_string(static_cast<core::PartitionState>(i));
                       family.add(
                           {{"route", route.name}, {"state", std::string(state)}},
                           sum(route.workers, [i](const Counters& c) { return c.partitions[i].get(); }));
                   }
               });
        family("laterd_route_state", "1 for the state that the route is in, else 0", MetricType::Gauge,
               [](Family& family, const Route& route) {
                   const std::string_view state = route_state(route.workers);
                   for (std::size_t i = 0; i < k_route_states.size(); ++i) {
                       family.add({{"route", route.name}, {"state", k_route_states[i]}},
                                  k_route_states[i] == state);
                   }
               });
        family("laterd_retention_margin_seconds",
               "What the topic keeps a record for less the longest that one waits in it", MetricType::Gauge,
               [](Family& family, const Route& route) { retention(family, route); });
    }

    // By topic, in the order of the roles; those that are not known, or keep their records for ever, are left out.
    static void retention(Family& family, const Route& route) {
        const WorkerState& any = *route.workers.front();
        const std::array<const std::string*, 3> topics{&any.sources, &any.retry_topic, &any.waiting_topic};
        for (std::size_t role = 0; role < topics.size(); ++role) {
            std::optional<core::Milliseconds> least;
            for (const WorkerState* worker : route.workers) {
                const std::optional<core::Milliseconds> margin =
                    worker->counters->retention_margin[role].get();
                least = least && margin ? std::min(*least, *margin) : least ? least : margin;
            }
            if (least && !topics[role]->empty()) {
                family.add({{"route", route.name}, {"topic", *topics[role]}},
                           static_cast<double>(least->count()) / 1'000);
            }
        }
    }

    void group() {
        by_topic("laterd_lag_records", "Records of the assigned partitions that are not settled",
                 MetricType::Gauge, &core::TopicCounters::lag);
        age("laterd_commit_age_seconds", "Since the last answered commit, while something is uncommitted",
            &Counters::commit_age_ms);
        total("laterd_rebalances_total", "Assignments by the group", &Counters::rebalances);
        family("laterd_workers", "Workers of the route in this process", MetricType::Gauge,
               [](Family& family, const Route& route) {
                   family.add({{"route", route.name}}, std::uint64_t{route.workers.size()});
               });
    }

    void single(const char* name, const char* help, MetricType type, Labels labels, double value) {
        Family family(name, help, type);
        family.add(std::move(labels), value);
        families_.push_back(family.take());
    }

    void process() {
        std::uint64_t clock_steps_ms = 0;
        for (const WorkerState& worker : state_.workers) {
            clock_steps_ms = std::max(clock_steps_ms, worker.counters->clock_step_ms.get());
        }
        single("laterd_config_reload_success",
               "1 when the last reload was applied, or none was asked for; else 0", MetricType::Gauge, {},
               state_.reload_success ? 1 : 0);
        single("laterd_clock_step_seconds_total", "By how much the wall clock was stepped, forth and back",
               MetricType::Counter, {}, seconds(clock_steps_ms));
        single("laterd_log_dropped_total", "Log lines that were dropped because nobody took them",
               MetricType::Counter, {}, static_cast<double>(state_.log_dropped));
        single("laterd_build_info", "1, with the versions in the labels", MetricType::Gauge,
               {{"version", state_.version}, {"librdkafka", state_.librdkafka}}, 1);
    }

    const ProcessState& state_;
    const std::vector<Route> routes_;
    std::vector<MetricFamily> families_;
};

}  // namespace

std::vector<MetricFamily> collect(const ProcessState& state) {
    return Collector(state).collect();
}

std::string prometheus_text(const ProcessState& state) {
    return prometheus::TextSerializer().Serialize(collect(state));
}

}  // namespace laterd::admin

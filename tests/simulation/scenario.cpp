#include "simulation/scenario.h"

#include <algorithm>
#include <sstream>

namespace laterd::simulation {

namespace {

using namespace std::chrono_literals;

// Every seed knows some faults only: a world in which everything fails hides what one fault alone would show.
void draw_faults(Random& random, Scenario& scenario) {
    for (std::size_t i = 0; i <= static_cast<std::size_t>(Fault::add_partition); ++i) {
        const auto fault = static_cast<Fault>(i);
        const bool rare = fault == Fault::recreate;
        if (random.chance(rare ? 6 : 28)) {
            scenario.faults.push_back(fault);
        }
    }
    scenario.fault_gap_max = random.pick<Nanoseconds>({2s, 8s, 20s, 60s});
    scenario.late_ack_percent = random.chance(30) ? random.pick({0.5, 5.0, 30.0}) : 0;
    scenario.lost_ack_percent = random.chance(50) ? 50 : 0;
    scenario.commit_fault_percent = random.chance(40) ? random.pick({5.0, 20.0, 60.0}) : 0;
    scenario.look_up_fault_percent = random.chance(40) ? random.pick({10.0, 50.0, 90.0}) : 0;
    scenario.stall_percent = random.chance(30) ? 2 : 0;
    scenario.clock_skew_max = random.pick<Nanoseconds>({0s, 1s, 10min});
}

void draw_options(Random& random, Scenario& scenario) {
    core::PipelineOptions& options = scenario.options;
    options.start = random.chance(35) ? core::StartPolicy::latest : core::StartPolicy::earliest;
    options.out_of_range =
        random.pick({core::OutOfRange::stop, core::OutOfRange::earliest, core::OutOfRange::latest});
    options.has_dead_letter = random.chance(70);
    if (scenario.calm) {
        return;
    }
    // 1: a hold of one record.
    options.hold_bytes = random.pick<std::uint64_t>({1, 4 << 10, 64 << 10, 1 << 20, 64 << 20});
    options.open_max = random.pick<std::uint32_t>({1, 2, 5, 64});
    options.in_flight_max = random.pick<std::uint32_t>({1, 10, 1'000, 20'000});
    options.release_max = random.pick<std::uint32_t>({1, 50, 4'096});
    options.visit_max = random.pick<std::uint32_t>({1, 16, 256});
    options.drain_timeout = random.pick<core::Milliseconds>({500ms, 5s, 20s});
}

void draw_records(Random& random, Scenario& scenario) {
    scenario.records_max = static_cast<std::size_t>(random.between(200, 2'500));
    scenario.burst_max = random.pick<std::size_t>({1, 10, 100, 600});
    scenario.burst_gap_max = random.pick<Nanoseconds>({100ms, 1s, 10s});
    scenario.bytes_min = 10;
    scenario.bytes_max = random.pick<std::uint32_t>({200, 2'000, 20'000});
    scenario.fixed_delay = random.chance(40);
    scenario.delay = random.pick<Nanoseconds>({0s, 1s, 9s, 40s, 15min, 6h});
    scenario.due_max = random.pick<Nanoseconds>({2s, 20s, 3min, 2h, 24h * 20});
    scenario.odd_due_percent = random.chance(40) ? 3 : 0;
    scenario.odd_fate = random.chance(80) ? core::Fate::dead_letter : core::Fate::stop;
    scenario.odd_now = random.chance(20);
    scenario.too_far = random.chance(15) ? core::Milliseconds(60s) : core::Milliseconds(24h * 30);
    scenario.refused_percent = random.chance(40) ? random.pick({0.2, 3.0, 40.0}) : 0;
    scenario.dead_refused_percent = random.chance(20) ? 5 : 0;
    scenario.control_percent = random.chance(40) ? 30 : 0;
}

// From another generator: worlds without it are what they were.
void draw_order(Scenario& scenario) {
    Random random(scenario.seed * 0x9fb21c651e98df25U + 2);
    if (!random.chance(40)) {
        return;
    }
    scenario.order = core::Order::due;
    scenario.options.rule = random.next();
    // 16: less than any note is long.
    scenario.options.note_chars = random.pick<std::size_t>({16, 80, 200, 4'096, 4'096, 4'096});
}

core::Backoff draw_backoff(Random& random) {
    core::Backoff backoff;
    if (random.chance(40)) {
        backoff.steps = random.chance(50) ? std::vector<core::Milliseconds>{1s, 20s, 5min}
                                          : std::vector<core::Milliseconds>{random.pick({200ms, 5'000ms})};
        return backoff;
    }
    backoff.initial = random.pick<core::Milliseconds>({1ms, 500ms, 5s});
    backoff.max = random.pick<core::Milliseconds>({5s, 1min, 10min});
    backoff.factor = random.pick({1.0, 2.0, 10.0});
    backoff.jitter = random.pick({0.0, 0.2, 1.0});
    return backoff;
}

void draw_policy(Random& random, Scenario& scenario) {
    core::RetryPolicy& policy = scenario.options.retry;
    policy.has_topic = random.chance(75);
    policy.attempts = static_cast<std::uint32_t>(random.between(1, 5));
    policy.backoff = draw_backoff(random);
    if (random.chance(30)) {
        policy.max_age = random.pick<core::Milliseconds>({3s, 1min, 10min});
    }
    scenario.retry_partitions = policy.has_topic ? static_cast<std::size_t>(random.between(1, 3)) : 0;
    scenario.retry_max_bytes = random.pick<std::uint32_t>({3'000, 1'000'000, 1'000'000});
}

void draw_handler_faults(Random& random, Scenario& scenario) {
    for (const Fault fault : {Fault::handler_down, Fault::handler_slow, Fault::handler_failing}) {
        if (random.chance(40)) {
            scenario.faults.push_back(fault);
        }
    }
    if (scenario.options.retry.has_topic && random.chance(40)) {
        scenario.faults.push_back(Fault::retry_missing);
    }
    if (random.chance(20)) {
        scenario.faults.push_back(Fault::handler_gone);
    }
    if (random.chance(30)) {
        scenario.handler.not_found_rejects = random.chance(70);
        scenario.faults.push_back(Fault::wrong_path);
    }
}

// A handler in place of the target. From another generator: worlds without one are what they were.
void draw_handler(Scenario& scenario) {
    Random random(scenario.seed * 0xd6e8feb86659fd93U + 3);
    if (!random.chance(40)) {
        return;
    }
    HandlerScenario& handler = scenario.handler;
    handler.used = true;
    handler.sequence = random.pick({Sequence::key, Sequence::partition, Sequence::none});
    handler.keys = random.pick<std::uint32_t>({2, 20, 400});
    handler.takes_max = random.pick<Nanoseconds>({2ms, 30ms, 300ms});
    handler.timeout = random.pick<Nanoseconds>({1s, 5s});
    handler.failing_percent = random.pick({0.0, 2.0, 20.0});
    handler.retry_after_percent = random.pick({0.0, 0.0, 50.0});
    handler.retry_after_max = random.pick<Nanoseconds>({5s, 20min});
    handler.unwanted_percent = random.chance(50) ? random.pick({0.5, 10.0}) : 0;
    core::PipelineOptions& options = scenario.options;
    options.sequenced = true;
    options.concurrency = random.pick<std::uint32_t>({1, 4, 64});
    options.seed = random.next();
    options.has_dead_letter = random.chance(85);
    options.guard = options.has_dead_letter ? random.pick<std::uint32_t>({0, 0, 1, 3, 20}) : 0;
    draw_policy(random, scenario);
    // Calls are slower than batches.
    scenario.partitions = std::min<std::size_t>(scenario.partitions, 8);
    scenario.partitions_max = scenario.partitions + 3;
    scenario.records_max = static_cast<std::size_t>(random.between(50, 800));
    scenario.burst_max = std::min<std::size_t>(scenario.burst_max, 100);
    scenario.delay = std::min<Nanoseconds>(scenario.delay, 15min);
    scenario.due_max = std::min<Nanoseconds>(scenario.due_max, 2h);
    scenario.refused_percent = 0;
    if (!scenario.calm) {
        handler.busy_percent = random.pick({0.0, 3.0});
        draw_handler_faults(random, scenario);
    }
}

// Where the target refuses nothing for good: what it refuses would be the next probe for ever.
void draw_guard(Scenario& scenario) {
    Random random(scenario.seed * 0xe7037ed1a0b428dbU + 5);
    if (!scenario.handler.used && scenario.options.has_dead_letter && scenario.refused_percent == 0 &&
        random.chance(30)) {
        scenario.options.guard = random.pick<std::uint32_t>({1, 3});
    }
}

// A waiting topic, for what is held in due order: the records of the source or those of the retry topic.
void draw_laps(Scenario& scenario) {
    Random random(scenario.seed * 0xa0761d6478bd642fU + 4);
    const bool in_due_order = scenario.order == core::Order::due || scenario.options.retry.has_topic;
    if (!in_due_order || !random.chance(50)) {
        return;
    }
    scenario.wait_partitions = static_cast<std::size_t>(random.between(1, 12));
    // Round and round in short laps is nothing new after a while.
    while (1min * (1 << scenario.wait_partitions) * 20 < scenario.due_max) {
        ++scenario.wait_partitions;
    }
    if (!scenario.calm && random.chance(40)) {
        scenario.faults.push_back(Fault::wait_missing);
    }
}

// What operators change meanwhile. From another generator: worlds without it are what they were.
void draw_changes(Scenario& scenario) {
    Random random(scenario.seed * 0x8ebc6af09c88c6e3U + 6);
    for (const Fault fault : {Fault::resize, Fault::unfit}) {
        if (random.chance(20)) {
            scenario.faults.push_back(fault);
        }
    }
}

}  // namespace

bool Scenario::has(Fault fault) const noexcept {
    return std::find(faults.begin(), faults.end(), fault) != faults.end();
}

bool Scenario::has_room() const noexcept {
    // Those that are refused for their size may fill any hold.
    const double refused = static_cast<double>(records_max) * refused_percent / 100 * target_max_bytes;
    return options.hold_bytes >= (64 << 20) && refused < (16 << 20) &&
           options.open_max >= all_partitions_max();
}

Scenario draw_scenario(std::uint64_t seed, Nanoseconds duration) {
    Random random(seed * 0x51ed270b7f4a7c15U + 1);
    Scenario scenario;
    scenario.seed = seed;
    scenario.calm = random.chance(12);
    scenario.duration = duration;
    scenario.partitions = random.chance(8) ? random.pick<std::size_t>({40, 100})
                                           : static_cast<std::size_t>(random.between(1, 8));
    scenario.partitions_max = scenario.partitions + 3;
    scenario.target_partitions = static_cast<std::size_t>(random.between(1, 5));
    scenario.daemons = random.pick<std::size_t>({1, 1, 2, 2, 3});
    scenario.static_members = random.chance(30);
    draw_records(random, scenario);
    draw_options(random, scenario);
    draw_order(scenario);
    draw_handler(scenario);
    draw_laps(scenario);
    draw_guard(scenario);
    if (scenario.calm) {
        scenario.daemons = 1;
        scenario.partitions = std::min<std::size_t>(scenario.partitions, 40);
        scenario.refused_percent = 0;
        scenario.crowded = random.chance(30) && !scenario.handler.used;
        if (scenario.crowded) {
            scenario.options.open_max = static_cast<std::uint32_t>(random.between(1, 4));
            scenario.partitions = static_cast<std::size_t>(random.between(2, 12));
            scenario.records_max = 6'000;
            scenario.burst_max = 10;
            scenario.burst_gap_max = 100ms;
            scenario.bytes_max = 200;
            scenario.fixed_delay = true;
            scenario.delay = random.pick<Nanoseconds>({0s, 9s, 2min});
            scenario.partitions_max = scenario.partitions;
        }
        return scenario;
    }
    draw_faults(random, scenario);
    draw_changes(scenario);
    if (scenario.all_partitions_max() > scenario.options.open_max) {
        // Partitions that take turns do so all the time: a long wait would be a long run.
        scenario.delay = std::min<Nanoseconds>(scenario.delay, 3min);
        scenario.due_max = std::min<Nanoseconds>(scenario.due_max, 3min);
    }
    scenario.target_max_bytes = random.pick<std::uint32_t>({30'000, 1'000'000});
    scenario.dead_max_bytes = random.pick<std::uint32_t>({2'000, 15'000, 1'000'000});
    scenario.target_compacted = random.chance(50);
    scenario.prefetch_records = random.pick<std::size_t>({1, 50, 1'000});
    scenario.prefetch_bytes = random.pick<std::uint64_t>({1'000, 64'000, 1 << 20});
    return scenario;
}

Scenario hour_of_laps(std::uint64_t seed) {
    Scenario scenario;
    scenario.seed = seed;
    scenario.calm = true;
    scenario.duration = 1min;
    scenario.partitions = scenario.partitions_max = 4;
    scenario.order = core::Order::due;
    scenario.options.hold_bytes = (32 << 20) / 20;
    scenario.wait_partitions = 6;
    scenario.prefetch_bytes = 64 << 10;
    scenario.records_max = 50'000;
    scenario.burst_max = 5'000;
    scenario.burst_gap_max = 1s;
    scenario.bytes_min = scenario.bytes_max = 300;
    scenario.even_due = true;
    scenario.due_max = 1h;
    scenario.too_far = 24h;
    return scenario;
}

std::string Scenario::text() const {
    static constexpr const char* k_faults[] = {"crash",
                                               "drain",
                                               "freeze",
                                               "cut",
                                               "outage",
                                               "coordinator_away",
                                               "clock_step",
                                               "target_missing",
                                               "target_forbidden",
                                               "target_slow",
                                               "dead_missing",
                                               "delete_records",
                                               "recreate",
                                               "add_partition",
                                               "handler_down",
                                               "handler_slow",
                                               "handler_failing",
                                               "handler_gone",
                                               "wrong_path",
                                               "retry_missing",
                                               "wait_missing",
                                               "resize",
                                               "unfit"};
    std::ostringstream out;
    const auto seconds = [](Nanoseconds time) { return std::chrono::duration<double>(time).count(); };
    out << (crowded ? "crowded" : calm ? "calm" : "faults");
    for (const Fault fault : faults) {
        out << ' ' << k_faults[static_cast<std::size_t>(fault)];
    }
    out << "\n  partitions " << partitions << ", daemons " << daemons << (static_members ? " static" : "")
        << ", start " << (options.start == core::StartPolicy::latest ? "latest" : "earliest")
        << (order == core::Order::due ? ", due order, notes of " + std::to_string(options.note_chars) : "")
        << ", out_of_range " << static_cast<int>(options.out_of_range)
        << (options.has_dead_letter ? ", dead letter, guard " + std::to_string(options.guard) : "")
        << "\n  hold " << options.hold_bytes << ", open_max " << options.open_max << ", in_flight_max "
        << options.in_flight_max << ", release_max " << options.release_max << ", visit_max "
        << options.visit_max << ", prefetch " << prefetch_records << " / " << prefetch_bytes << "\n  records "
        << records_max << " of up to " << bytes_max << " bytes in bursts of up to " << burst_max << ", "
        << (fixed_delay ? "delay " : "due within ") << seconds(fixed_delay ? delay : due_max)
        << " s, odd due " << odd_due_percent << " %, refused " << refused_percent << " %, late acks "
        << late_ack_percent << " %, commit faults " << commit_fault_percent << " %, look-up faults "
        << look_up_fault_percent << " %";
    if (handler.used) {
        static constexpr const char* k_sequences[] = {"key", "partition", "none"};
        const core::RetryPolicy& policy = options.retry;
        out << "\n  handler: concurrency " << options.concurrency << ", sequence "
            << k_sequences[static_cast<std::size_t>(handler.sequence)] << ", " << handler.keys
            << " keys, takes up to " << seconds(handler.takes_max) << " s, timeout "
            << seconds(handler.timeout) << " s, failing " << handler.failing_percent << " %, unwanted "
            << handler.unwanted_percent << " %, retry-after " << handler.retry_after_percent << " %; "
            << (policy.has_topic ? std::to_string(policy.attempts) + " attempts" : "in place")
            << (policy.max_age ? ", max_age " + std::to_string(policy.max_age->count()) + " ms" : "")
            << (policy.backoff.steps.empty() ? "" : ", steps");
    }
    if (wait_partitions > 0) {
        out << "\n  waiting topic of " << wait_partitions << " laps";
    }
    return out.str();
}

}  // namespace laterd::simulation

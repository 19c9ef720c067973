// What one seed's world looks like and which faults it knows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/pipeline.h"
#include "simulation/random.h"

namespace laterd::simulation {

enum class Fault : std::uint8_t {
    crash,
    drain,
    freeze,
    cut,     // a daemon cannot reach the brokers
    outage,  // nobody can
    coordinator_away,
    clock_step,
    target_missing,
    target_forbidden,
    target_slow,
    dead_missing,
    delete_records,
    recreate,
    add_partition,
    handler_down,
    handler_slow,
    handler_failing,  // every call
    handler_gone,     // 410
    wrong_path,       // 404 for everything
    retry_missing,
    wait_missing,
    resize,  // a reload gives the daemon another budget
    unfit,   // a topic of the route is compacted
    count_,
};

enum class Sequence : std::uint8_t { key, partition, none };

// The program that the records are handed to.
struct HandlerScenario {
    bool used = false;
    Sequence sequence = Sequence::key;
    std::uint32_t keys = 1;      // of the records; one of them is none
    Nanoseconds takes_max{};     // for an answer
    Nanoseconds timeout{};       // that the daemon gives it
    double failing_percent = 0;  // of calls
    double retry_after_percent = 0;
    Nanoseconds retry_after_max{};
    double unwanted_percent = 0;     // of records
    double busy_percent = 0;         // its connect queue is full
    bool not_found_rejects = false;  // what a 404 means
};

struct Scenario {
    std::uint64_t seed = 0;
    bool calm = false;     // no fault at all and room for everything: releases have to be on time
    bool crowded = false;  // calm, but more partitions than may be open, all of them busy: nobody starves
    std::vector<Fault> faults;
    Nanoseconds fault_gap_max{};
    Nanoseconds duration{};

    // Kafka
    std::size_t partitions = 1;
    std::size_t partitions_max = 1;
    std::size_t target_partitions = 1;
    std::uint32_t target_max_bytes = 1'000'000;
    std::uint32_t dead_max_bytes = 1'000'000;
    bool target_compacted = false;
    double late_ack_percent = 0;
    double lost_ack_percent = 0;      // of batches during an outage: written, and nobody was told
    double commit_fault_percent = 0;  // refused, late, or never answered in time
    double look_up_fault_percent = 0;

    // Daemons
    std::size_t daemons = 1;
    bool static_members = false;
    core::PipelineOptions options;
    core::Order order = core::Order::partition;
    std::size_t prefetch_records = 1'000;
    std::uint64_t prefetch_bytes = 1 << 20;
    double stall_percent = 0;  // of turns that come late
    Nanoseconds clock_skew_max{};

    // Records
    std::size_t records_max = 0;
    std::size_t burst_max = 1;
    Nanoseconds burst_gap_max{};
    std::uint32_t bytes_min = 0;
    std::uint32_t bytes_max = 0;
    bool fixed_delay = false;
    Nanoseconds delay{};
    Nanoseconds due_max{};  // how far the due times of a header lie ahead
    bool even_due = false;  // all of that alike; else most of them are near
    double odd_due_percent = 0;
    core::Fate odd_fate = core::Fate::dead_letter;  // missing or invalid
    bool odd_now = false;                           // or due at once
    core::Milliseconds too_far{};
    double refused_percent = 0;  // records that the target refuses
    double dead_refused_percent = 0;
    double control_percent = 0;

    // The sink, and the route's own topics; none without partitions.
    HandlerScenario handler;
    std::size_t retry_partitions = 0;
    std::uint32_t retry_max_bytes = 1'000'000;
    std::size_t wait_partitions = 0;

    bool has(Fault fault) const noexcept;
    // Nobody waits for a place in the hold, or for a turn to be read.
    bool has_room() const noexcept;
    // Nothing overtakes anything in the partitions of the source.
    bool is_strict() const noexcept { return order == core::Order::partition && !handler.used; }
    std::size_t all_partitions_max() const noexcept {
        return partitions_max + retry_partitions + wait_partitions;
    }
    std::string text() const;
};

// `duration`: how long faults happen.
Scenario draw_scenario(std::uint64_t seed, Nanoseconds duration);

// A backlog of records that are due at any time within an hour, round a waiting topic: a twentieth of a million, with a
// twentieth of the hold that a limit of 64 MiB leaves.
Scenario hour_of_laps(std::uint64_t seed);

}  // namespace laterd::simulation

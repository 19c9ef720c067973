// What has to happen sometimes: a simulation that never reaches an edge proves nothing about it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace laterd::simulation {

enum class Sighting : std::uint8_t {
    tier_hot,
    tier_warm,
    tier_cold,
    cold_drop,  // a cold partition let go of what it had read
    wave,       // partitions that have to be resumed wait for others
    hold_full,
    larger_than_hold,  // one record alone is more than the budget
    gate_holding,
    gate_probing,
    gate_reopened,
    isolation,  // a record sent alone
    overtaken,
    dead_letter_judged,   // no due time, or none that can be used
    dead_letter_refused,  // the target refused it for good
    dead_letter_smaller,  // without its error, or without its value
    dead_letter_backoff,
    stop_record,
    stop_position,
    position_moved,
    out_of_range,
    lost,
    suspended,
    unsuspended,
    suspended_not_member,
    revoke,
    revoke_waited,    // something was in flight
    revoke_deadline,  // and did not settle in time
    lose,
    lose_in_flight,
    late_outcome,  // of an assignment that was over
    start_commit,
    start_commit_failed,
    start_latest,
    added_partition,  // its start was resolved
    ask_again,
    never_answered,  // a look-up
    commit_failed,
    commit_not_member,
    commit_timed_out,
    commit_twice_at_once,  // an answer that came after the next request
    drain,
    drain_waited,
    drain_deadline,
    crash_in_flight,
    static_return,
    two_owners,  // a daemon that does not know yet that its partitions are another's
    clock_forward,
    clock_back,
    control_end,  // committed past control records at the end
    recreated,
    stale_records,  // of an epoch that was over, or below the position
    in_flight_full,
    far_due,            // more than an hour
    overtaken_by_due,   // due order: released before one that was read earlier
    done_map_handed,    // to the next owner of a partition
    done_map_believed,  // a record was read that it says settled
    done_map_carried,   // committed again before everything that it describes was read
    done_map_partial,   // it had no room for everything
    call_timed_out,
    call_cut,  // the handler went down in the middle
    handler_down,
    handler_busy,
    rejected,  // by the handler
    concurrency_full,
    sequence_kept,  // who came back was called again before the others of its sequence
    retried,        // a copy for the retry topic
    retried_in_place,
    retry_after,  // later than the backoff
    attempts_exhausted,
    too_old,
    retry_backoff,     // the retry topic could not be written
    retry_refused,     // a copy was refused for good
    copy_owed_at_end,  // of an assignment
    copy_given_up,     // an assignment ended while one was owed
    gate_gone,         // held by a 410
    gate_guard,
    guard_kept,        // rejected, and called again as a probe
    guard_passed,      // a dead letter that could not be a probe
    sent_away,         // to the waiting topic
    lap_again,         // from there once more
    lap_ended,         // held after its last lap
    retry_sent_away,   // a retry record
    wait_backoff,      // the waiting topic could not be written
    budget_overdrawn,  // by what was held before it became smaller
    places_overdrawn,  // by what was open before
    unfit_kept,        // due, while a topic was unfit
    unfit_kept_copy,
    count_,
};

constexpr std::size_t k_sightings = static_cast<std::size_t>(Sighting::count_);

const char* to_string(Sighting sighting) noexcept;

class Sightings {
  public:
    void saw(Sighting sighting) noexcept { ++counts_[static_cast<std::size_t>(sighting)]; }
    void saw(Sighting sighting, bool indeed) noexcept {
        if (indeed) {
            saw(sighting);
        }
    }
    std::uint64_t count(Sighting sighting) const noexcept {
        return counts_[static_cast<std::size_t>(sighting)];
    }

    // The names of what was never seen.
    std::vector<std::string> missing() const;

  private:
    std::array<std::uint64_t, k_sightings> counts_{};
};

}  // namespace laterd::simulation

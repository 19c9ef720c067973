#include "simulation/sightings.h"

namespace laterd::simulation {

const char* to_string(Sighting sighting) noexcept {
    static constexpr std::array<const char*, k_sightings> k_names{
        "tier_hot",
        "tier_warm",
        "tier_cold",
        "cold_drop",
        "wave",
        "hold_full",
        "larger_than_hold",
        "gate_holding",
        "gate_probing",
        "gate_reopened",
        "isolation",
        "overtaken",
        "dead_letter_judged",
        "dead_letter_refused",
        "dead_letter_smaller",
        "dead_letter_backoff",
        "stop_record",
        "stop_position",
        "position_moved",
        "out_of_range",
        "lost",
        "suspended",
        "unsuspended",
        "suspended_not_member",
        "revoke",
        "revoke_waited",
        "revoke_deadline",
        "lose",
        "lose_in_flight",
        "late_outcome",
        "start_commit",
        "start_commit_failed",
        "start_latest",
        "added_partition",
        "ask_again",
        "never_answered",
        "commit_failed",
        "commit_not_member",
        "commit_timed_out",
        "commit_twice_at_once",
        "drain",
        "drain_waited",
        "drain_deadline",
        "crash_in_flight",
        "static_return",
        "two_owners",
        "clock_forward",
        "clock_back",
        "control_end",
        "recreated",
        "stale_records",
        "in_flight_full",
        "far_due",
        "overtaken_by_due",
        "done_map_handed",
        "done_map_believed",
        "done_map_carried",
        "done_map_partial",
        "call_timed_out",
        "call_cut",
        "handler_down",
        "handler_busy",
        "rejected",
        "concurrency_full",
        "sequence_kept",
        "retried",
        "retried_in_place",
        "retry_after",
        "attempts_exhausted",
        "too_old",
        "retry_backoff",
        "retry_refused",
        "copy_owed_at_end",
        "copy_given_up",
        "gate_gone",
        "gate_guard",
        "guard_kept",
        "guard_passed",
        "sent_away",
        "lap_again",
        "lap_ended",
        "retry_sent_away",
        "wait_backoff",
        "budget_overdrawn",
        "places_overdrawn",
        "unfit_kept",
        "unfit_kept_copy",
    };
    return k_names[static_cast<std::size_t>(sighting)];
}

std::vector<std::string> Sightings::missing() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < k_sightings; ++i) {
        if (counts_[i] == 0) {
            names.emplace_back(to_string(static_cast<Sighting>(i)));
        }
    }
    return names;
}

}  // namespace laterd::simulation

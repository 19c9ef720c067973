#include "runtime/notice_log.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "log/log.h"

namespace laterd::runtime {

namespace {

constexpr std::chrono::seconds k_quiet{60};

// What may come again and again, and is the same thing then.
enum class Repeats : std::uint8_t {
    seldom,        // nothing: it is told each time
    of_reason,     // the same reason
    of_partition,  // the same reason in the same partition
    of_record,     // and at the same offset
};

struct Words {
    log::Level level;
    const char* event;
    const char* hint;
    Repeats repeats;
};

Words words_for(const core::Notice& notice) noexcept {
    using Kind = core::Notice::Kind;
    using log::Level;
    switch (notice.kind) {
        case Kind::partition_stopped:
            return {Level::error, "partition stopped",
                    "nothing after this record is released; mend the record's cause or add dead_letter, then "
                    "reload",
                    Repeats::of_record};
        case Kind::position_stopped:
            return {Level::error, "partition stopped",
                    "its position lies above the log's end (topic created anew?); set from.out_of_range or "
                    "the group's offset, then restart",
                    Repeats::of_partition};
        case Kind::records_lost:
            return {Level::error, "records lost",
                    "the broker deleted them before they were read (retention?)", Repeats::of_partition};
        case Kind::position_moved:
            return {Level::warn, "position moved",
                    "it lay above the log's end; from.out_of_range says where to go on",
                    Repeats::of_partition};
        case Kind::gate_holding:
            return {Level::error, "route holding",
                    "nothing is lost; it goes on by itself when the cause has ended", Repeats::of_reason};
        case Kind::gate_open:
            return {Level::info, "route running", nullptr, Repeats::of_reason};
        case Kind::copy_backoff:
            return {Level::error, "copy not written", "its partition waits and tries again",
                    Repeats::of_reason};
        case Kind::hold_full:
            return {Level::warn, "hold full",
                    "reading stops until something held is due; raise limits.memory or add wait.topic",
                    Repeats::of_reason};
        case Kind::dead_lettered:
            return {Level::warn, "record dead-lettered", nullptr, Repeats::of_reason};
        case Kind::duplicates:
            return {Level::warn, "records in flight given up", "they may come twice", Repeats::seldom};
        case Kind::suspended:
            return {Level::warn, "worker suspended", "it was away longer than its session; asking the group",
                    Repeats::seldom};
        case Kind::unsuspended:
            return {Level::info, "worker resumed", nullptr, Repeats::seldom};
        case Kind::commit_failed:
            return {Level::warn, "commit failed", "it is sent again", Repeats::of_reason};
    }
    return {Level::info, "notice", nullptr, Repeats::seldom};
}

std::string key_of(const core::Notice& notice, const Words& words, const kafka::TopicPartition* place) {
    // A retry topic that is missing does not keep quiet about dead letters that cannot be written either.
    std::string key = std::string(words.event) + std::string(core::to_string(notice.reason)) +
                      std::to_string(static_cast<int>(notice.purpose));
    if (words.repeats >= Repeats::of_partition && place != nullptr) {
        key += " " + place->topic + "/" + std::to_string(place->partition);
    }
    if (words.repeats == Repeats::of_record) {
        key += "/" + std::to_string(notice.offset);
    }
    return key;
}

// What the reason tells beyond the words of the notice.
const char* hint_for(const core::Notice& notice, const Words& words) noexcept {
    if (notice.reason == core::Reason::clock_differs) {
        return "the brokers refuse this host's time of day: their clocks and its own are too far apart; "
               "nothing is "
               "lost, and it goes on by itself when they agree";
    }
    return words.hint;
}

// Who does not take what, for the notices that are about that.
void add_sink(const core::Notice& notice, const config::Route& route, std::vector<log::Field>& fields) {
    using core::Purpose;
    if (notice.kind == core::Notice::Kind::gate_holding && route.handler) {
        fields.emplace_back("handler",
                            route.handler->socket.empty() ? route.handler->address : route.handler->socket);
    } else if (notice.kind == core::Notice::Kind::gate_holding) {
        fields.emplace_back("topic", route.to.topic);
        fields.emplace_back("cluster", route.to.cluster);
    } else if (notice.kind == core::Notice::Kind::copy_backoff && notice.purpose == Purpose::retry) {
        fields.emplace_back("retry_topic", route.retry.topic);
    } else if (notice.kind == core::Notice::Kind::copy_backoff && notice.purpose == Purpose::wait) {
        fields.emplace_back("waiting_topic", route.wait_topic);
    } else if (notice.kind == core::Notice::Kind::copy_backoff && route.dead_letter) {
        fields.emplace_back("dead_letter_topic", route.dead_letter->topic);
        fields.emplace_back("cluster", route.dead_letter->cluster);
    }
}

}  // namespace

NoticeLog::NoticeLog(const config::Route& route, int worker)
    : route_(route), worker_(worker), limiter_(k_quiet) {}

void NoticeLog::tell(const core::Notice& notice, const kafka::TopicPartition* place, const core::Now& now) {
    const Words words = words_for(notice);
    std::uint64_t kept_back = 0;
    if (words.repeats != Repeats::seldom) {
        const auto passed = limiter_.pass(key_of(notice, words, place), now.steady);
        if (!passed) {
            return;
        }
        kept_back = *passed;
    }
    std::vector<log::Field> fields{{"route", route_.name}, {"worker", worker_}};
    add_sink(notice, route_, fields);
    if (place != nullptr) {
        fields.emplace_back("topic", place->topic);
        fields.emplace_back("partition", place->partition);
        fields.emplace_back("offset", notice.offset);
    }
    if (notice.reason != core::Reason::none) {
        fields.emplace_back("reason", core::to_string(notice.reason, notice.code));
    }
    if (notice.count > 0) {
        fields.emplace_back("count", notice.count);
    }
    if (kept_back > 0) {
        fields.emplace_back("not_shown", kept_back);
    }
    if (const char* hint = hint_for(notice, words)) {
        fields.emplace_back("hint", hint);
    }
    log::write_fields(words.level, words.event, fields);
}

void NoticeLog::trouble(const config::Cluster& cluster, kafka::ErrorCode code, std::string_view text,
                        const core::Now& now) {
    const kafka::Trouble trouble = kafka::trouble_of(code, text);
    const bool is_refusal = kafka::is_refusal(trouble.kind);
    // The same line with other ports, times and counts is the same trouble; so is a refused connection, whichever
    // client and broker it is between. What is not allowed is named in the text.
    const bool is_of_all = is_refusal && trouble.kind != kafka::Trouble::Kind::not_allowed;
    std::string key = cluster.name + ": " + (is_of_all ? trouble.what : std::string(text));
    std::erase_if(key, [](char c) { return c >= '0' && c <= '9'; });
    const auto kept_back = limiter_.pass(key, now.steady);
    if (!kept_back) {
        return;
    }
    std::vector<log::Field> fields{{"route", route_.name}, {"worker", worker_}, {"cluster", cluster.name}};
    if (is_refusal) {
        fields.emplace_back("principal", kafka::principal_of(cluster));
        fields.emplace_back("problem", trouble.what);
    }
    fields.emplace_back("error", text);
    fields.emplace_back("not_shown", *kept_back);
    if (!trouble.hint.empty()) {
        fields.emplace_back("hint", trouble.hint);
    }
    log::write_fields(is_refusal ? log::Level::error : log::Level::warn,
                      is_refusal ? "cluster refuses" : "kafka client", fields);
}

void NoticeLog::clock_stepped(core::Milliseconds by, const core::Now& now) {
    if (const auto kept_back = limiter_.pass("wall clock stepped", now.steady)) {
        log::warn(
            "wall clock stepped",
            {{"route", route_.name}, {"worker", worker_}, {"by_ms", by.count()}, {"not_shown", *kept_back}});
    }
}

void NoticeLog::unreachable(const config::Cluster& cluster, std::string_view error,
                            const kafka::Trouble& trouble) const {
    const bool is_refusal = kafka::is_refusal(trouble.kind);
    std::vector<log::Field> fields{{"route", route_.name}, {"cluster", cluster.name}};
    if (is_refusal) {
        fields.emplace_back("principal", kafka::principal_of(cluster));
        fields.emplace_back("problem", trouble.what);
    }
    fields.emplace_back("error", error);
    fields.emplace_back("hint", (trouble.hint.empty() ? "" : trouble.hint + "; ") +
                                    "waiting; it is tried again every second");
    log::write_fields(is_refusal ? log::Level::error : log::Level::warn,
                      is_refusal ? "cluster refuses" : "cluster not reachable", fields);
}

}  // namespace laterd::runtime

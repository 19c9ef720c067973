// Where reading a partition begins.
#include "core/start.h"

#include "support/catch.hpp"

#include <string>

using namespace laterd::core;

namespace {

struct Row {
    const char* what;
    std::optional<Offset> committed;
    std::optional<Offset> reading_at;
    Role role;
    StartPolicy policy;
    OutOfRange out_of_range;
    std::int32_t number;
    std::int32_t partitions_before;
    std::string expected;
};

std::string describe(const Start& start) {
    switch (start.kind) {
        case Start::Kind::ask_again:
            return "ask again";
        case Start::Kind::stop:
            return "stop";
        case Start::Kind::begin:
            return "at " + std::to_string(start.offset) + (start.commit_first ? ", commit first" : "") +
                   (start.lost > 0 ? ", lost " + std::to_string(start.lost) : "");
    }
    return "";
}

constexpr auto k_earliest = StartPolicy::earliest;
constexpr auto k_latest = StartPolicy::latest;

}  // namespace

TEST_CASE("where a partition begins follows from commits, log and wishes", "[start]") {
    // The log reaches from 100 to 200.
    const Row row = GENERATE(values<Row>({
        {"nothing committed, earliest",
         {},
         {},
         Role::source,
         k_earliest,
         OutOfRange::stop,
         0,
         0,
         "at 100, commit first"},
        {"nothing committed, latest",
         {},
         {},
         Role::source,
         k_latest,
         OutOfRange::stop,
         0,
         0,
         "at 200, commit first"},
        {"a retry topic is never skipped",
         {},
         {},
         Role::retry,
         k_latest,
         OutOfRange::stop,
         0,
         0,
         "at 100, commit first"},
        {"nor a waiting topic",
         {},
         {},
         Role::waiting,
         k_latest,
         OutOfRange::stop,
         0,
         0,
         "at 100, commit first"},
        {"a partition added later is new",
         {},
         {},
         Role::source,
         k_latest,
         OutOfRange::stop,
         4,
         4,
         "at 100, commit first"},
        {"one that was there is not",
         {},
         {},
         Role::source,
         k_latest,
         OutOfRange::stop,
         3,
         4,
         "at 200, commit first"},
        {"committed", 150, {}, Role::source, k_latest, OutOfRange::stop, 0, 0, "at 150"},
        {"committed at the log's start", 100, {}, Role::source, k_latest, OutOfRange::stop, 0, 0, "at 100"},
        {"committed at the log's end", 200, {}, Role::source, k_latest, OutOfRange::stop, 0, 0, "at 200"},
        {"retention overtook the commit",
         40,
         {},
         Role::source,
         k_latest,
         OutOfRange::stop,
         0,
         0,
         "at 100, lost 60"},
        {"above the end, stop", 201, {}, Role::source, k_earliest, OutOfRange::stop, 0, 0, "stop"},
        {"above the end, earliest",
         201,
         {},
         Role::source,
         k_latest,
         OutOfRange::earliest,
         0,
         0,
         "at 100, commit first"},
        {"above the end, latest",
         201,
         {},
         Role::source,
         k_earliest,
         OutOfRange::latest,
         0,
         0,
         "at 200, commit first"},
        {"being read: its own position counts", 110, 150, Role::source, k_latest, OutOfRange::stop, 0, 0,
         "at 150"},
        {"being read, overtaken", 90, 95, Role::source, k_latest, OutOfRange::stop, 0, 0, "at 100, lost 5"},
        {"being read, above the end", 150, 300, Role::source, k_latest, OutOfRange::stop, 0, 0, "stop"},
    }));
    INFO(row.what);
    const Position found{.known = true,
                         .committed = row.committed,
                         .low = 100,
                         .high = 200,
                         .partitions = 8,
                         .partitions_before = row.partitions_before};
    CHECK(describe(decide_start(found, row.reading_at, row.number, row.role, row.policy, row.out_of_range)) ==
          row.expected);
}

TEST_CASE("an unanswered question is asked again and never means that nothing is committed", "[start]") {
    const auto policy = GENERATE(k_earliest, k_latest);
    const auto out_of_range = GENERATE(OutOfRange::stop, OutOfRange::earliest, OutOfRange::latest);
    const std::optional<Offset> reading_at = GENERATE(std::optional<Offset>{}, std::optional<Offset>{5});
    CHECK(describe(decide_start(Position{.known = false}, reading_at, 0, Role::source, policy,
                                out_of_range)) == "ask again");
}

TEST_CASE("an empty log is a place to begin", "[start]") {
    const Position found{.known = true, .committed = {}, .low = 0, .high = 0, .partitions = 1};
    CHECK(describe(decide_start(found, {}, 0, Role::source, k_latest, OutOfRange::stop)) ==
          "at 0, commit first");
}

#include "core/done_map.h"

#include "support/catch.hpp"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "core/commit_note.h"

using namespace laterd::core;

namespace {

using Far = DoneMap::Far;

constexpr std::uint64_t k_rule = 0x0123456789abcdef;

constexpr WallTime due(std::int64_t ms) {
    return WallTime{Milliseconds{ms}};
}

// Records at 100, 101, ... that are due at these milliseconds.
Ledger ledger_of(const std::vector<std::int64_t>& dues) {
    Ledger ledger(100);
    Offset offset = 100;
    for (const std::int64_t ms : dues) {
        ledger.received(offset++, due(ms));
    }
    return ledger;
}

std::vector<Offset> said_settled(const DoneMap& map, const Ledger& ledger) {
    std::vector<Offset> said;
    for (const Ledger::Entry& entry : ledger.entries()) {
        if (map.is_settled(entry.offset, entry.due)) {
            said.push_back(entry.offset);
        }
    }
    return said;
}

std::vector<Offset> really_settled(const Ledger& ledger) {
    std::vector<Offset> settled;
    for (const Ledger::Entry& entry : ledger.entries()) {
        if (entry.settled) {
            settled.push_back(entry.offset);
        }
    }
    return settled;
}

std::size_t note_chars(const DoneMap& map) {
    return encode({.partitions = 2'147'483'647, .done = map}, SIZE_MAX).size();
}

}  // namespace

TEST_CASE("there is no done map when nothing has settled above the committable offset", "[done]") {
    Ledger ledger = ledger_of({5, 3, 9, 4});
    CHECK_FALSE(make_done_map(ledger, k_rule, false, {}, 4096));
    CHECK_FALSE(make_done_map(ledger, k_rule, true, {}, 4096));
    ledger.settled(100);
    CHECK_FALSE(make_done_map(ledger, k_rule, false, {}, 4096));
}

TEST_CASE("in due order a done map names an instant, and what was in flight before it", "[done]") {
    Ledger ledger = ledger_of({50, 30, 90, 40, 10, 20, 80});
    for (const Offset offset : {104, 101, 103}) {
        ledger.settled(offset);
    }
    const auto map = make_done_map(ledger, k_rule, false, {}, 4096);
    REQUIRE(map);
    CHECK(*map == DoneMap{.rule = k_rule, .end = 105, .until = due(40), .tie_end = 104});
    CHECK(said_settled(*map, ledger) == std::vector<Offset>{101, 103, 104});
    CHECK_FALSE(map->is_settled(105, due(20)));

    ledger.settled(106);
    const auto later = make_done_map(ledger, k_rule, false, {}, 4096);
    REQUIRE(later);
    CHECK(*later ==
          DoneMap{.rule = k_rule, .end = 107, .until = due(80), .tie_end = 107, .except = {100, 105}});
    CHECK(said_settled(*later, ledger) == std::vector<Offset>{101, 103, 104, 106});
}

TEST_CASE("in partition order a done map names an offset, and what was in flight before it", "[done]") {
    Ledger ledger = ledger_of({10, 10, 90, 10, 10, 10});
    for (const Offset offset : {102, 101, 104}) {
        ledger.settled(offset);
    }
    const auto map = make_done_map(ledger, k_rule, true, {}, 4096);
    REQUIRE(map);
    CHECK(*map == DoneMap{.rule = k_rule, .end = 105, .by_position = true, .except = {100, 103}});
    CHECK(said_settled(*map, ledger) == really_settled(ledger));
}

TEST_CASE("of many records that are due together, those released so far are settled", "[done]") {
    Ledger ledger(0);
    ledger.received(0, due(2'000));
    for (Offset offset = 1; offset <= 100'000; ++offset) {
        ledger.received(offset, due(1'000));
    }
    for (Offset offset = 1; offset <= 50'000; ++offset) {
        ledger.settled(offset);
    }
    const auto map = make_done_map(ledger, k_rule, false, {}, 120);
    REQUIRE(map);
    CHECK(map->except.empty());
    CHECK(said_settled(*map, ledger) == really_settled(ledger));
}

TEST_CASE("what went to the waiting topic is settled, with what has not arrived there excepted", "[done]") {
    Ledger ledger = ledger_of({50, 9'000, 9'500, 9'000, 7'000, 9'000, 100, 9'000});
    const std::vector<Far> far = {{.from = 0, .at_least = due(8'000)}, {.from = 104, .at_least = due(6'000)}};
    for (const Offset offset : {101, 103, 104, 105}) {
        ledger.settled(offset);
    }
    const auto map = make_done_map(ledger, k_rule, false, far, 4096);
    REQUIRE(map);
    CHECK(map->until == WallTime::min());
    CHECK(map->except == std::vector<Offset>{102});
    CHECK(map->far ==
          std::vector<Far>{{.from = 100, .at_least = due(8'000)}, {.from = 104, .at_least = due(6'000)}});
    CHECK(said_settled(*map, ledger) == really_settled(ledger));
}

TEST_CASE("while the waiting topic takes nothing, what is far away needs no exceptions", "[done]") {
    Ledger ledger(0);
    for (Offset offset = 0; offset < 40'000; ++offset) {
        ledger.received(offset, due(offset % 2 == 0 ? 1'000'000 + offset : offset));
    }
    // The outage began at 20,000; what is due goes on.
    for (Offset offset = 2; offset < 20'000; offset += 2) {
        ledger.settled(offset);
    }
    for (Offset offset = 1; offset < 40'000; offset += 2) {
        ledger.settled(offset);
    }
    const std::vector<Far> far = {{.from = 0, .at_least = due(1'000'000)}};
    const auto map = make_done_map(ledger, k_rule, false, far, 200);
    REQUIRE(map);
    CHECK(map->except == std::vector<Offset>{0});
    CHECK(said_settled(*map, ledger) == really_settled(ledger));
}

TEST_CASE("hints about what was far away are only hints", "[done]") {
    Ledger ledger = ledger_of({50, 9'000, 9'000, 9'000});
    const std::vector<Far> far = {{.from = 0, .at_least = due(1)}};
    ledger.settled(102);
    const auto map = make_done_map(ledger, k_rule, false, far, 4096);
    REQUIRE(map);
    CHECK(said_settled(*map, ledger) == std::vector<Offset>{102});
    // Records that are far away by nobody's word are settled like any other.
    const auto plain = make_done_map(ledger, k_rule, false, {}, 4096);
    REQUIRE(plain);
    CHECK(said_settled(*plain, ledger) == std::vector<Offset>{102});
}

TEST_CASE("a done map says nothing of what is not settled, whatever room it has", "[done]") {
    const auto seed = GENERATE(range(0u, 300u));
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const auto below = [&](std::int64_t n) {
        return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
    };
    const auto size = static_cast<std::size_t>(1 + below(seed % 10 == 0 ? 6'000 : 200));
    const std::int64_t span = std::vector<std::int64_t>{1, 10, 1'000, 200'000}[random() % 4];
    const std::int64_t gap_percent = std::vector<std::int64_t>{0, 0, 30}[random() % 3];
    const std::int64_t epoch = seed % 3 == 0 ? 0 : 1'790'000'000'000;
    Offset offset = std::vector<std::int64_t>{0, 77, 5'000'000'000}[random() % 3];
    Ledger ledger(offset);
    std::vector<Ledger::Entry> entries;
    for (std::size_t i = 0; i < size; ++i) {
        offset += below(100) < gap_percent ? 1 + below(500) : 1;
        const WallTime at = below(20) == 0 ? WallTime{} : due(epoch + below(span));
        ledger.received(offset, at);
        entries.push_back({.offset = offset, .due = at, .settled = false});
    }
    std::vector<Far> far;
    for (Offset from = entries.front().offset - 1; below(4) != 0; from += 1 + below(100)) {
        const bool none = below(8) == 0;
        far.push_back({.from = from, .at_least = none ? WallTime::max() : due(epoch + below(span + 2))});
    }

    // Nearly in the order of release, or in any; some, or nearly all.
    std::sort(entries.begin(), entries.end(), [](const Ledger::Entry& a, const Ledger::Entry& b) {
        return a.due != b.due ? a.due < b.due : a.offset < b.offset;
    });
    if (seed % 2 == 0) {
        std::shuffle(entries.begin(), entries.end(), random);
    }
    const auto settle = static_cast<std::size_t>(below(static_cast<std::int64_t>(size) + 1));
    const std::int64_t skip_percent = below(30);
    for (std::size_t i = 0; i < settle; ++i) {
        if (below(100) >= skip_percent) {
            ledger.settled(entries[i].offset);
        }
    }

    const std::vector<Offset> settled = really_settled(ledger);
    for (const bool by_position : {false, true}) {
        INFO("by position " << by_position);
        std::size_t said_before = 0;
        for (const std::size_t room :
             {16u, 64u, 80u, 100u, 128u, 150u, 200u, 300u, 500u, 1'000u, 4'096u, 100'000u}) {
            INFO("room " << room);
            const auto map = make_done_map(ledger, k_rule, by_position, far, room);
            if (!map) {
                REQUIRE((room < 4'096 || settled.empty()));
                continue;
            }
            const std::vector<Offset> said = said_settled(*map, ledger);
            REQUIRE_FALSE(said.empty());
            REQUIRE(map->end == said.back() + 1);
            REQUIRE(std::includes(settled.begin(), settled.end(), said.begin(), said.end()));
            REQUIRE(note_chars(*map) <= room);
            if (room == 100'000) {
                REQUIRE(said == settled);
            }
            if (by_position || far.empty()) {
                REQUIRE(said.size() >= said_before);
            }
            said_before = said.size();
            REQUIRE(decode_commit_note(encode({.partitions = 9, .done = map}, room)) ==
                    CommitNote{.partitions = 9, .done = map});
        }
    }
}

TEST_CASE("nothing of 100,000 random due times is forgotten while they are released", "[done]") {
    std::mt19937 random(4);
    std::vector<Ledger::Entry> entries;
    Ledger ledger(1'000'000);
    for (Offset offset = 1'000'000; offset < 1'100'000; ++offset) {
        const WallTime at = due(1'790'000'000'000 + static_cast<std::int64_t>(random() % 60'000));
        ledger.received(offset, at);
        entries.push_back({.offset = offset, .due = at, .settled = false});
    }
    std::sort(entries.begin(), entries.end(), [](const Ledger::Entry& a, const Ledger::Entry& b) {
        return a.due != b.due ? a.due < b.due : a.offset < b.offset;
    });
    // 64 in flight, answered in any order.
    std::vector<Offset> in_flight;
    std::size_t released = 0;
    std::size_t longest = 0;
    while (released < entries.size()) {
        for (std::size_t i = 0; i < 5'000 && released < entries.size(); ++i) {
            in_flight.push_back(entries[released++].offset);
            if (in_flight.size() > 64) {
                std::swap(in_flight[random() % in_flight.size()], in_flight.back());
                ledger.settled(in_flight.back());
                in_flight.pop_back();
            }
        }
        const auto map = make_done_map(ledger, k_rule, false, {}, 4'096);
        REQUIRE(map);
        REQUIRE(said_settled(*map, ledger) == really_settled(ledger));
        longest = std::max(longest, note_chars(*map));
    }
    INFO("longest note " << longest);
    CHECK(longest < 400);
}

TEST_CASE("a done map that does not fit says what fits", "[done]") {
    // Every second record is in flight: 3,000 exceptions fit at most.
    Ledger ledger(0);
    for (Offset offset = 0; offset < 100'000; ++offset) {
        ledger.received(offset, due(offset));
    }
    for (Offset offset = 1; offset < 100'000; offset += 2) {
        ledger.settled(offset);
    }
    for (const bool by_position : {false, true}) {
        const auto map = make_done_map(ledger, k_rule, by_position, {}, 4'096);
        REQUIRE(map);
        CHECK(map->except.size() > 2'900);
        CHECK(said_settled(*map, ledger).size() == map->except.size());
        CHECK(note_chars(*map) <= 4'096);
    }
}

TEST_CASE("what remains of an earlier done map is pruned by what is known by now", "[done]") {
    const DoneMap earlier{
        .rule = k_rule, .end = 110, .until = due(50), .tie_end = 109, .except = {100, 102, 105}};
    Ledger ledger = ledger_of({20, 10, 30, 60});
    CHECK(what_remains(earlier, ledger) == earlier);
    for (const Offset offset : {100, 101, 102}) {
        ledger.settled(offset);
    }
    DoneMap later = earlier;
    later.except = {105};
    CHECK(what_remains(earlier, ledger) == later);
    ledger.settled(103);
    ledger.skip_to(110);
    CHECK_FALSE(what_remains(earlier, ledger));
}

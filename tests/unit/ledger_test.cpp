#include "core/ledger.h"

#include "support/catch.hpp"

#include <map>
#include <random>
#include <vector>

using namespace laterd::core;

namespace {

constexpr WallTime due(std::int64_t ms) {
    return WallTime{Milliseconds{ms}};
}

// What a ledger has to answer, in the most obvious way.
class NaiveLedger {
  public:
    explicit NaiveLedger(Offset start) : position_(start) {}

    void received(Offset offset, WallTime at) {
        unsettled_[offset] = at;
        position_ = offset + 1;
    }
    bool settled(Offset offset) { return unsettled_.erase(offset) > 0; }
    void skip_to(Offset position) { position_ = std::max(position_, position); }
    void rewind_to(Offset offset) {
        unsettled_.erase(unsettled_.lower_bound(offset), unsettled_.end());
        position_ = std::min(position_, offset);
    }
    Offset committable() const { return unsettled_.empty() ? position_ : unsettled_.begin()->first; }

    Offset position() const { return position_; }
    const std::map<Offset, WallTime>& unsettled() const { return unsettled_; }

  private:
    std::map<Offset, WallTime> unsettled_;
    Offset position_;
};

}  // namespace

TEST_CASE("a committable offset never passes a record that is not settled", "[ledger]") {
    Ledger ledger(100);
    CHECK(ledger.committable() == 100);
    for (const Offset offset : {100, 101, 102, 103}) {
        ledger.received(offset, due(offset));
    }
    CHECK(ledger.settled(101));
    CHECK(ledger.settled(103));
    CHECK(ledger.committable() == 100);
    CHECK(ledger.unsettled() == 2);
    CHECK(ledger.settled(100));
    CHECK(ledger.committable() == 102);
    CHECK(ledger.oldest_due() == due(102));
    CHECK(ledger.settled(102));
    CHECK(ledger.committable() == 104);
    CHECK(ledger.unsettled() == 0);
}

TEST_CASE("gaps in the offsets count as settled", "[ledger]") {
    Ledger ledger(0);
    ledger.received(5, due(1));
    ledger.received(9, due(2));
    CHECK(ledger.committable() == 5);
    CHECK(ledger.settled(5));
    CHECK(ledger.committable() == 9);
    CHECK(ledger.settled(9));
    CHECK(ledger.committable() == 10);
    ledger.skip_to(15);
    CHECK(ledger.committable() == 15);
    ledger.skip_to(12);
    CHECK(ledger.position() == 15);
}

TEST_CASE("skipping ahead does not pass what is not settled", "[ledger]") {
    Ledger ledger(0);
    ledger.received(3, due(1));
    ledger.skip_to(50);
    CHECK(ledger.position() == 50);
    CHECK(ledger.committable() == 3);
    CHECK(ledger.settled(3));
    CHECK(ledger.committable() == 50);
}

TEST_CASE("settling twice or what was never received changes nothing", "[ledger]") {
    Ledger ledger(10);
    ledger.received(10, due(1));
    ledger.received(12, due(1));
    ledger.received(13, due(1));
    CHECK_FALSE(ledger.settled(9));
    CHECK_FALSE(ledger.settled(11));
    CHECK_FALSE(ledger.settled(14));
    CHECK(ledger.settled(12));
    CHECK_FALSE(ledger.settled(12));
    CHECK(ledger.committable() == 10);
    CHECK(ledger.unsettled() == 2);
}

TEST_CASE("what was rewound is received again", "[ledger]") {
    Ledger ledger(0);
    for (const Offset offset : {0, 1, 2, 3}) {
        ledger.received(offset, due(offset));
    }
    CHECK(ledger.settled(0));
    ledger.rewind_to(2);
    CHECK(ledger.position() == 2);
    CHECK(ledger.committable() == 1);
    CHECK(ledger.unsettled() == 1);
    CHECK_FALSE(ledger.settled(2));
    ledger.received(2, due(2));
    CHECK(ledger.settled(1));
    CHECK(ledger.committable() == 2);
    ledger.rewind_to(7);
    CHECK(ledger.position() == 3);
}

TEST_CASE("a ledger agrees with a naive one whatever happens", "[ledger]") {
    const auto seed = GENERATE(range(0u, 40u));
    INFO("seed " << seed);
    std::mt19937 random(seed);
    const auto chance = [&](int percent) { return static_cast<int>(random() % 100) < percent; };
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    const Offset start = static_cast<Offset>(random() % 1'000);
    const int gap_percent =
        static_cast<int>(seed % 3) * 20;  // none at all, too: the ledger computes places then
    Ledger ledger(start);
    NaiveLedger naive(start);
    for (int step = 0; step < 2'000; ++step) {
        const auto& open = naive.unsettled();
        if (chance(45)) {
            const Offset offset =
                naive.position() + (chance(gap_percent) ? 1 + static_cast<Offset>(below(5)) : 0);
            ledger.received(offset, due(step));
            naive.received(offset, due(step));
        } else if (chance(80) && !open.empty()) {
            const Offset offset =
                std::next(open.begin(),
                          static_cast<std::ptrdiff_t>(below(std::min<std::size_t>(open.size(), 9))))
                    ->first;
            REQUIRE(ledger.settled(offset) == naive.settled(offset));
        } else if (chance(40)) {
            const Offset offset = naive.position() - 10 + static_cast<Offset>(below(12));
            REQUIRE(ledger.settled(offset) == naive.settled(offset));
        } else if (chance(40)) {
            const Offset position = naive.position() - 3 + static_cast<Offset>(below(7));
            ledger.skip_to(position);
            naive.skip_to(position);
        } else if (!open.empty()) {
            // Only a tail of which nothing is settled can be rewound.
            Offset from = naive.position();
            auto place = open.rbegin();
            for (std::size_t many = below(3); place != open.rend() && place->first + 1 == from && many > 0;
                 --many, ++place) {
                from = place->first;
            }
            ledger.rewind_to(from);
            naive.rewind_to(from);
        }
        REQUIRE(ledger.committable() == naive.committable());
        REQUIRE(ledger.position() == naive.position());
        REQUIRE(ledger.unsettled() == naive.unsettled().size());
        if (!naive.unsettled().empty()) {
            REQUIRE(ledger.oldest_due() == naive.unsettled().begin()->second);
        }
    }
}

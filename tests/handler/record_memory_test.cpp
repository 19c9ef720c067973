// Memory of records that do not leave in the order in which they came.
#include <malloc.h>

#include <cstddef>
#include <vector>

#include "sink/record_memory.h"
#include "support/catch.hpp"

using namespace laterd::sink;

#if !defined(__SANITIZE_ADDRESS__)

namespace {

constexpr std::size_t k_records = 20'000;
constexpr std::size_t k_bytes = 400;
constexpr std::size_t k_stays = 20;  // one of so many

// What is given back when all but a few, spread over all, have left.
std::size_t given_back(Memory memory) {
    std::vector<void*> records(k_records);
    for (void*& record : records) {
        record = take_record_memory(k_bytes, memory);
    }
    const std::size_t before = mallinfo2().uordblks;
    for (std::size_t i = 0; i < k_records; ++i) {
        if (i % k_stays != 0) {
            give_record_memory(records[i]);
        }
    }
    const std::size_t after = mallinfo2().uordblks;
    for (std::size_t i = 0; i < k_records; i += k_stays) {
        give_record_memory(records[i]);
    }
    return before - after;
}

}  // namespace

TEST_CASE("a record with memory of its own keeps no other's while it waits") {
    constexpr std::size_t all = k_records / k_stays * (k_stays - 1) * k_bytes;
    CHECK(given_back(Memory::own) >= all);
    // Why it is there: a shared block lives until the last of its records has gone.
    CHECK(given_back(Memory::shared) < all / 2);
}

#endif

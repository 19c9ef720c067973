// What a test and the wall clock's shim in the program under test share: a page of memory, backed by a file.
#pragma once

#include <atomic>
#include <cstdint>

namespace laterd::support {

// The shim's environment variable: the path of the page's file.
constexpr const char* k_clock_page_variable = "LATERD_TEST_CLOCK_PAGE";

struct ClockPage {
    std::atomic<std::int64_t> offset_ns;  // what the program's wall clock shows beyond the machine's
    std::atomic<std::uint32_t> steps;     // counts the changes of offset_ns; a futex
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free &&
              std::atomic<std::uint32_t>::is_always_lock_free);
static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t),
              "the kernel looks at it as a futex");

}  // namespace laterd::support

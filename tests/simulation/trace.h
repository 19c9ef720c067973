// Everything that happened in a world, as a number (the same seed gives the same one) and, on demand, as text.
#pragma once

#include <cstdint>
#include <cstdio>
#include <initializer_list>

#include "core/time.h"

namespace laterd::simulation {

class Trace {
  public:
    explicit Trace(bool print) noexcept : print_(print) {}

    // `what` names the event; `where` is a daemon's number or -1.
    void note(core::SteadyTime now, const char* what, int where,
              std::initializer_list<std::int64_t> numbers) {
        mix(static_cast<std::uint64_t>(now.time_since_epoch().count()));
        mix(static_cast<std::uint64_t>(where));
        for (const char* letter = what; *letter != '\0'; ++letter) {
            mix(static_cast<std::uint64_t>(*letter));
        }
        for (const std::int64_t number : numbers) {
            mix(static_cast<std::uint64_t>(number));
        }
        if (print_) {
            print(now, what, where, numbers);
        }
    }

    std::uint64_t hash() const noexcept { return hash_; }

  private:
    // FNV-1a, a word at a time.
    void mix(std::uint64_t value) noexcept { hash_ = (hash_ ^ value) * 0x100000001b3U; }

    static void print(core::SteadyTime now, const char* what, int where,
                      std::initializer_list<std::int64_t> numbers) {
        std::printf("%14.6f  ", static_cast<double>(now.time_since_epoch().count()) / 1e9);
        where < 0 ? std::printf("   %s", what) : std::printf("d%d %s", where, what);
        for (const std::int64_t number : numbers) {
            std::printf(" %lld", static_cast<long long>(number));
        }
        std::printf("\n");
    }

    std::uint64_t hash_ = 0xcbf29ce484222325U;
    bool print_;
};

}  // namespace laterd::simulation

// The only source of chance in a simulated world. Its own generator and distributions: those of the standard library
// differ from one implementation to the next, and a seed has to replay everywhere.
#pragma once

#include <cassert>
#include <chrono>
#include <cstdint>
#include <span>

namespace laterd::simulation {

using Nanoseconds = std::chrono::nanoseconds;

class Random {
  public:
    explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

    // splitmix64
    std::uint64_t next() noexcept {
        state_ += 0x9e3779b97f4a7c15U;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
        return mixed ^ (mixed >> 31U);
    }

    // 0 .. n-1
    std::uint64_t below(std::uint64_t n) noexcept {
        assert(n > 0);
        return next() % n;
    }

    // Both ends included.
    std::int64_t between(std::int64_t least, std::int64_t most) noexcept {
        return least + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(most - least) + 1));
    }

    template <typename A, typename B>
    Nanoseconds between(std::chrono::duration<A, B> least, Nanoseconds most) noexcept {
        return Nanoseconds(between(Nanoseconds(least).count(), most.count()));
    }

    // True with a probability of `percent` / 100.
    bool chance(double percent) noexcept {
        return static_cast<double>(next() >> 11U) * 0x1.0p-53 * 100.0 < percent;
    }

    template <typename T>
    const T& pick(std::span<const T> from) noexcept {
        return from[below(from.size())];
    }

    template <typename T>
    T pick(std::initializer_list<T> from) noexcept {
        return *(from.begin() + below(from.size()));
    }

  private:
    std::uint64_t state_;
};

}  // namespace laterd::simulation

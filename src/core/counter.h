// Numbers with one writer and any reader.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <optional>

#include "core/time.h"

namespace laterd::core {

// A plain single-writer number: a relaxed store of load + n costs what a normal addition costs.
class Counter {
  public:
    void add(std::uint64_t n = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void set(std::uint64_t n) noexcept { value_.store(n, std::memory_order_relaxed); }
    std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

// A number that may be unknown.
class Estimate {
  public:
    void set(std::optional<Milliseconds> value) noexcept {
        value_.store(value ? value->count() : k_unknown, std::memory_order_relaxed);
    }
    std::optional<Milliseconds> get() const noexcept {
        const std::int64_t value = value_.load(std::memory_order_relaxed);
        return value == k_unknown ? std::nullopt : std::optional(Milliseconds(value));
    }

  private:
    static constexpr std::int64_t k_unknown = std::numeric_limits<std::int64_t>::min();
    std::atomic<std::int64_t> value_{k_unknown};
};

}  // namespace laterd::core

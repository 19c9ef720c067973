// Tells the service manager how the process stands (sd_notify). Without one, or without libsystemd, nothing happens.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace laterd::service {

class Notifier {
  public:
    // Reads $NOTIFY_SOCKET and $WATCHDOG_USEC, and leaves them as they are.
    Notifier();

    // Whether anybody listens.
    bool is_heard() const noexcept { return is_heard_; }

    // How often it wants to hear `feed` at least; nullopt: never.
    std::optional<std::chrono::microseconds> watchdog() const noexcept { return watchdog_; }

    // Started, or done with reloading.
    void ready(std::string_view status);
    // One line for people; the same one is not sent twice.
    void status(std::string_view text);
    // `now` as the manager reads it: CLOCK_MONOTONIC.
    void reloading(std::chrono::steady_clock::time_point now) const;
    // Ending, and for at most `within`: to be said again before that has passed.
    void stopping(std::chrono::milliseconds within) const;
    void feed() const;

  private:
    void send(const std::string& state) const noexcept;

    bool is_heard_;
    std::optional<std::chrono::microseconds> watchdog_;
    std::string last_status_;
};

}  // namespace laterd::service

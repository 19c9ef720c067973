#include "service/notifier.h"

#ifdef LATERD_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace laterd::service {

namespace {

#ifdef LATERD_SYSTEMD
std::optional<std::chrono::microseconds> watchdog_timeout() noexcept {
    std::uint64_t microseconds = 0;
    // Also asks whether it is this process that is watched ($WATCHDOG_PID).
    if (sd_watchdog_enabled(0, &microseconds) <= 0) {
        return std::nullopt;
    }
    return std::chrono::microseconds(microseconds);
}
#endif

// A newline would begin another assignment.
std::string one_line(std::string_view text) {
    std::string line(text);
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

}  // namespace

Notifier::Notifier() : is_heard_(false) {
#ifdef LATERD_SYSTEMD
    is_heard_ = std::getenv("NOTIFY_SOCKET") != nullptr;
    watchdog_ = is_heard_ ? watchdog_timeout() : std::nullopt;
#endif
}

void Notifier::ready(std::string_view status) {
    last_status_ = status;
    send("READY=1\nSTATUS=" + one_line(status));
}

void Notifier::status(std::string_view text) {
    if (text != last_status_) {
        last_status_ = text;
        send("STATUS=" + one_line(text));
    }
}

void Notifier::reloading(std::chrono::steady_clock::time_point now) const {
    using std::chrono::microseconds;
    const auto since_boot = std::chrono::duration_cast<microseconds>(now.time_since_epoch());
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(since_boot.count()));
}

void Notifier::stopping(std::chrono::milliseconds within) const {
    const std::chrono::microseconds extended = within;
    send("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(extended.count()));
}

void Notifier::feed() const {
    send("WATCHDOG=1");
}

void Notifier::send([[maybe_unused]] const std::string& state) const noexcept {
#ifdef LATERD_SYSTEMD
    if (is_heard_) {
        // Whether the manager takes it changes nothing that could be done here.
        (void)sd_notify(0, state.c_str());
    }
#endif
}

}  // namespace laterd::service

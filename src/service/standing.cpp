#include "service/standing.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace laterd::service {

namespace {

// More names than these are a number.
constexpr std::size_t k_names_most = 3;

std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t from_end = 3; from_end < digits.size(); from_end += 4) {
        digits.insert(digits.size() - from_end, 1, ',');
    }
    return digits;
}

std::string counted(std::uint64_t number, const char* noun) {
    return grouped(number) + " " + noun + (number == 1 ? "" : "s");
}

std::string names(const std::vector<std::string>& all) {
    std::string joined;
    for (std::size_t i = 0; i < std::min(all.size(), k_names_most); ++i) {
        joined += (i == 0 ? "" : ", ") + all[i];
    }
    if (all.size() > k_names_most) {
        joined += fmt::format(" and {} more", all.size() - k_names_most);
    }
    return joined;
}

std::string part(const char* what, const std::vector<std::string>& routes) {
    return routes.empty() ? "" : std::string("; ") + what + ": " + names(routes);
}

std::tm local(core::WallTime time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    localtime_r(&seconds, &parts);
    return parts;
}

std::string time_of_day(core::WallTime time, core::WallTime now) {
    const std::tm then = local(time);
    const std::tm today = local(now);
    const bool is_today = then.tm_year == today.tm_year && then.tm_yday == today.tm_yday;
    const std::string clock = fmt::format("{:02}:{:02}:{:02}", then.tm_hour, then.tm_min, then.tm_sec);
    return is_today ? clock
                    : fmt::format("{:04}-{:02}-{:02} {}", then.tm_year + 1900, then.tm_mon + 1, then.tm_mday,
                                  clock);
}

}  // namespace

std::string status_text(const Standing& standing, core::WallTime now) {
    std::string text = counted(standing.running, "route") + " running";
    text += part("holding", standing.holding);
    text += part("stopped partitions", standing.stopped);
    text += part("restarting", standing.restarting);
    text += part("joining", standing.joining);
    text += part("no partitions", standing.idle);
    if (standing.reload_refused) {
        text += "; last reload refused, see the log";
    }
    if (standing.waiting == 0) {
        return text + "; nothing waits";
    }
    text += "; " + counted(standing.waiting, "record") + (standing.waiting == 1 ? " waits" : " wait");
    if (standing.next_due) {
        text += ", next due " + time_of_day(*standing.next_due, now);
    }
    return text;
}

std::string drain_text(const Standing& standing) {
    return standing.in_flight == 0 ? "draining: committing and leaving the groups"
                                   : "draining: " + counted(standing.in_flight, "record") + " in flight";
}

}  // namespace laterd::service

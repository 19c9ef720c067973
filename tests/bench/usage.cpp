#include "usage.h"

#include <sys/resource.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>
#include <string>

namespace laterd::bench {
namespace {

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds(int who) {
    rusage usage{};
    getrusage(who, &usage);
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The nanoseconds of /proc/PID/schedstat would leave out threads that have ended; these ticks of 10 ms do
// not.
double cpu_seconds_of(const std::string& folder) {
    std::ifstream file(folder + "/stat");
    std::string line;
    std::getline(file, line);
    const auto name_end = line.rfind(')');
    if (name_end == std::string::npos) {
        return 0;
    }
    std::istringstream fields(line.substr(name_end + 2));
    std::string skipped;
    for (int field = 3; field < 14; ++field) {
        fields >> skipped;
    }
    double ticks = 0;
    for (int field = 14; field < 18; ++field) {
        double value = 0;
        fields >> value;
        ticks += value;
    }
    return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

Usage usage_of(pid_t process) {
    const std::string folder = "/proc/" + std::to_string(process);
    Usage usage{.cpu_seconds = cpu_seconds_of(folder)};
    std::ifstream status(folder + "/status");
    for (std::string word; status >> word;) {
        if (word == "VmHWM:") {
            status >> usage.rss_max_mib;
            usage.rss_max_mib /= 1024;
        } else if (word == "VmRSS:") {
            status >> usage.rss_mib;
            usage.rss_mib /= 1024;
        }
    }
    return usage;
}

Usage usage_of_self() {
    Usage usage = usage_of(getpid());
    usage.cpu_seconds = cpu_seconds(RUSAGE_SELF) + cpu_seconds(RUSAGE_CHILDREN);
    return usage;
}

void to_json(nlohmann::json& json, const Usage& usage) {
    json = {
        {"cpu_seconds", usage.cpu_seconds}, {"rss_mib", usage.rss_mib}, {"rss_max_mib", usage.rss_max_mib}};
}

}  // namespace laterd::bench

// Runs laterd's core in simulated worlds, one per seed. See `usage` below.
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "simulation/run.h"
#include "simulation/violation.h"

namespace {

using namespace laterd::simulation;

constexpr const char* k_usage =
    "usage: simulation [--seeds N] [--from S] [--seed S] [--minutes M] [--for SECONDS] [--hour] [--trace] "
    "[--no-sightings]\n"
    "  --seeds N        how many seeds (default 600)\n"
    "  --from S         the first of them (default 1)\n"
    "  --seed S         only this one; the way to replay a failure\n"
    "  --minutes M      virtual minutes of faults per seed (default 5)\n"
    "  --for SECONDS    go on with new seeds until so much real time has passed\n"
    "  --hour           in place of a drawn world, one with 50,000 records that are due at any time within "
    "an hour\n"
    "  --trace          print everything that happens\n"
    "  --no-sightings   do not require that every edge was reached\n"
    "exit code: 0 passed, 1 a promise was broken, 2 usage, 3 an edge was never reached\n";

struct Request {
    std::uint64_t from = 1;
    std::uint64_t seeds = 600;
    std::chrono::minutes minutes{5};
    std::chrono::seconds real_time{0};
    bool hour = false;
    bool trace = false;
    bool sightings = true;
};

struct Totals {
    std::uint64_t seeds = 0;
    std::uint64_t records = 0;
    std::uint64_t duplicates = 0;
    std::uint64_t turns = 0;
    double virtual_days = 0;
};

bool parse(int argc, char** argv, Request& request) {
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        if (name == "--trace") {
            request.trace = true;
            continue;
        }
        if (name == "--hour") {
            request.hour = true;
            request.seeds = 1;
            request.sightings = false;
            continue;
        }
        if (name == "--no-sightings") {
            request.sightings = false;
            continue;
        }
        char* end = nullptr;
        const std::uint64_t value = i + 1 < argc ? std::strtoull(argv[++i], &end, 10) : 0;
        if (end == nullptr || *end != '\0' || end == argv[i]) {
            return false;
        }
        if (name == "--seeds") {
            request.seeds = value;
        } else if (name == "--from") {
            request.from = value;
        } else if (name == "--seed") {
            request.from = value;
            request.seeds = 1;
            request.sightings = false;
        } else if (name == "--minutes") {
            request.minutes = std::chrono::minutes(value);
        } else if (name == "--for") {
            request.real_time = std::chrono::seconds(value);
        } else {
            return false;
        }
    }
    return true;
}

// For the message when an assertion of the core fails.
volatile std::uint64_t g_seed = 0;

void tell_seed(int) {
    std::fprintf(stderr, "seed %llu: BROKEN: an assertion failed\n", static_cast<unsigned long long>(g_seed));
}

Summary perform(std::uint64_t seed, const Request& request, Sightings& sightings) {
    g_seed = seed;
    const Scenario scenario = request.hour ? hour_of_laps(seed) : draw_scenario(seed, request.minutes);
    if (request.trace) {
        std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), scenario.text().c_str());
    }
    Run run(scenario, sightings, request.trace);
    try {
        return run.perform();
    } catch (const Violation& violation) {
        const double seconds = std::chrono::duration<double>(run.now().time_since_epoch()).count();
        std::fprintf(stderr,
                     "\nseed %llu, %.6f s: BROKEN: %s\n  %s\n  replay: simulation --minutes %lld --seed %llu "
                     "--trace\n",
                     static_cast<unsigned long long>(seed), seconds, violation.what(),
                     scenario.text().c_str(), static_cast<long long>(request.minutes.count()),
                     static_cast<unsigned long long>(seed));
        std::fputs(run.state().c_str(), stderr);
        throw;
    }
}

// The same seed twice is the same world twice.
bool replays(std::uint64_t seed, const Request& request, std::uint64_t hash) {
    Sightings ignored;
    Request quiet = request;
    quiet.trace = false;
    const bool same = perform(seed, quiet, ignored).hash == hash;
    if (!same) {
        std::fprintf(stderr, "seed %llu does not replay: another trace the second time\n",
                     static_cast<unsigned long long>(seed));
    }
    return same;
}

int run_all(const Request& request) {
    Sightings sightings;
    Totals totals;
    const auto begun = std::chrono::steady_clock::now();
    for (std::uint64_t seed = request.from;; ++seed) {
        const bool time_left = std::chrono::steady_clock::now() - begun < request.real_time;
        if (seed - request.from >= request.seeds && !time_left) {
            break;
        }
        const Summary summary = perform(seed, request, sightings);
        if ((seed - request.from) % 50 == 0 && !replays(seed, request, summary.hash)) {
            return 1;
        }
        ++totals.seeds;
        totals.records += summary.records;
        totals.duplicates += summary.duplicates;
        totals.turns += summary.turns;
        totals.virtual_days += std::chrono::duration<double>(summary.virtual_time).count() / 86'400;
    }
    std::printf("seeds %llu from %llu: %llu records, %llu duplicates, %llu turns, %.1f virtual days\n",
                static_cast<unsigned long long>(totals.seeds), static_cast<unsigned long long>(request.from),
                static_cast<unsigned long long>(totals.records),
                static_cast<unsigned long long>(totals.duplicates),
                static_cast<unsigned long long>(totals.turns), totals.virtual_days);
    for (std::size_t i = 0; i < k_sightings && request.sightings; ++i) {
        const auto sighting = static_cast<Sighting>(i);
        std::printf("  %-22s %llu\n", to_string(sighting),
                    static_cast<unsigned long long>(sightings.count(sighting)));
    }
    const auto missing = sightings.missing();
    if (request.sightings && !missing.empty()) {
        for (const std::string& name : missing) {
            std::fprintf(stderr, "never reached: %s\n", name.c_str());
        }
        return 3;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Request request;
    if (!parse(argc, argv, request)) {
        std::fputs(k_usage, stderr);
        return 2;
    }
    std::signal(SIGABRT, tell_seed);
    try {
        return run_all(request);
    } catch (const Violation&) {
        return 1;
    }
}

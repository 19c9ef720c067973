#include "runtime/demo_view.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace laterd::runtime {

namespace {

std::string at_most(std::int64_t ms) {
    return ms < 0 ? "> 65 s" : fmt::format("<= {} ms", ms);
}

void print_row(const admin::WorkerState& route) {
    const core::Counters& c = *route.counters;
    fmt::print("{:<12} {:>9} {:>8} {:>9} {:>9} {:>11} {:>11}   {}/{}/{}\n", route.route, c.consumed.get(),
               c.held_records.get(), c.released.get(), c.delivered.get(),
               at_most(c.lateness.quantile_ms(0.5)), at_most(c.lateness.quantile_ms(0.99)),
               c.partitions[0].get(), c.partitions[1].get(), c.partitions[2].get());
}

}  // namespace

DemoView::DemoView() : terminal_(isatty(STDOUT_FILENO) == 1) {}

void DemoView::show(const std::vector<admin::WorkerState>& routes, std::chrono::nanoseconds since_start) {
    if (terminal_ && drawn_) {
        fmt::print("\033[{}A\033[J", lines_);
    }
    fmt::print("{:>4} s\n", std::chrono::duration_cast<std::chrono::seconds>(since_start).count());
    fmt::print("{:<12} {:>9} {:>8} {:>9} {:>9} {:>11} {:>11}   {}\n", "route", "consumed", "held", "released",
               "delivered", "late p50", "late p99", "hot/warm/cold");
    for (const admin::WorkerState& route : routes) {
        print_row(route);
    }
    lines_ = routes.size() + 2;
    drawn_ = true;
    std::fflush(stdout);
}

void DemoView::summarise(const std::vector<admin::WorkerState>& routes) const {
    fmt::print("\nIn all:\n");
    for (const admin::WorkerState& route : routes) {
        const core::Counters& c = *route.counters;
        fmt::print(
            "  {}: {} records read, {} released when due and {} acknowledged; half of them {} late, 99 of "
            "100 {}, the "
            "latest {} ms; {} waited on in the topic.\n",
            route.route, c.consumed.get(), c.released.get(), c.delivered.get(),
            at_most(c.lateness.quantile_ms(0.5)), at_most(c.lateness.quantile_ms(0.99)), c.lateness.max_ms(),
            c.held_records.get());
    }
}

}  // namespace laterd::runtime

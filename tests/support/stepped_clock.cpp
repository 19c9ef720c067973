#include "support/stepped_clock.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <limits>
#include <new>
#include <stdexcept>
#include <system_error>

#include "support/await.h"
#include "support/clock_page.h"

namespace laterd::support {

namespace {

ClockPage* new_page(const std::filesystem::path& file) {
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || ::ftruncate(fd, sizeof(ClockPage)) != 0) {
        throw std::system_error(errno, std::generic_category(), file);
    }
    void* page = ::mmap(nullptr, sizeof(ClockPage), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    const int error = errno;
    ::close(fd);
    if (page == MAP_FAILED) {
        throw std::system_error(error, std::generic_category(), "mmap");
    }
    return new (page) ClockPage{};
}

}  // namespace

SteppedClock::SteppedClock(std::chrono::milliseconds offset)
    : folder_("clock"), page_(new_page(folder_.path() / "page")) {
    set_offset(offset);
}

SteppedClock::~SteppedClock() {
    ::munmap(page_, sizeof(ClockPage));
}

std::vector<std::pair<std::string, std::string>> SteppedClock::environment() const {
    const char* shim = std::getenv("LATERD_WALL_CLOCK_SHIM");
    if (shim == nullptr) {
        throw std::runtime_error("LATERD_WALL_CLOCK_SHIM does not say where the wall clock's shim is");
    }
    return {{"LD_PRELOAD", shim}, {k_clock_page_variable, (folder_.path() / "page").string()}};
}

void SteppedClock::set_offset(std::chrono::milliseconds offset) {
    const std::int64_t before = wall_ms();
    page_->offset_ns.store(std::chrono::nanoseconds(offset).count());
    page_->steps.fetch_add(1);
    ::syscall(SYS_futex, &page_->steps, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
    // Around the moment both count: the program may have seen either.
    if (!stretches_.empty()) {
        stretches_.back().to_ms = wall_ms();
    }
    stretches_.push_back(
        {.from_ms = before, .to_ms = std::numeric_limits<std::int64_t>::max(), .offset_ms = offset.count()});
}

std::int64_t SteppedClock::now_ms() const {
    return wall_ms() + stretches_.back().offset_ms;
}

std::int64_t SteppedClock::latest_until(std::int64_t machine_ms) const {
    std::int64_t latest = std::numeric_limits<std::int64_t>::min();
    for (const Stretch& stretch : stretches_) {
        if (stretch.from_ms <= machine_ms) {
            latest = std::max(latest, std::min(stretch.to_ms, machine_ms) + stretch.offset_ms);
        }
    }
    return latest;
}

}  // namespace laterd::support

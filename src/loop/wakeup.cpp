#include "loop/wakeup.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace laterd::loop {

Wakeup::Wakeup() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (!fd_.is_open()) {
        throw std::system_error(errno, std::generic_category(), "eventfd");
    }
}

void Wakeup::signal() noexcept {
    const std::uint64_t one = 1;
    // Refused only when the counter is full, and then it is readable already.
    [[maybe_unused]] const ssize_t written = write(fd_.get(), &one, sizeof one);
}

void Wakeup::clear() noexcept {
    std::uint64_t count = 0;
    // Refused only when nobody signalled.
    [[maybe_unused]] const ssize_t got = read(fd_.get(), &count, sizeof count);
}

}  // namespace laterd::loop

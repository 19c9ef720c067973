#include "runtime/worker.h"

#include <pthread.h>

#include <exception>

#include "log/log.h"
#include "loop/clock.h"
#include "runtime/worker_loop.h"

namespace laterd::runtime {

Worker::Worker(const Setup& setup)
    : setup_(setup),
      share_(setup.share),
      last_turn_ms_(loop::read_boot_time().count()),
      thread_([this] { main(); }) {}

Worker::~Worker() {
    thread_.join();
}

void Worker::drain() noexcept {
    Order run = Order::run;
    order_.compare_exchange_strong(run, Order::drain);  // a stop is not taken back
    ordered_.signal();
}

void Worker::stop() noexcept {
    order_.store(Order::stop);
    ordered_.signal();
}

void Worker::turned() noexcept {
    last_turn_ms_.store(loop::read_boot_time().count(), std::memory_order_relaxed);
}

void Worker::resize(std::uint64_t share) noexcept {
    share_.store(share);
    ordered_.signal();
}

void Worker::main() noexcept {
    // Shown by `top -H`; the kernel takes 15 characters.
    const std::string name = setup_.route.name.substr(0, 12) + "/" + std::to_string(setup_.number);
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
    State end = State::failed;
    try {
        WorkerLoop loop(*this);
        end = loop.run();
        turned();
        closing_.store(true, std::memory_order_relaxed);
    } catch (const std::exception& error) {
        log::error("worker failed",
                   {{"route", setup_.route.name}, {"worker", setup_.number}, {"error", error.what()}});
    }
    state_.store(end, std::memory_order_release);
    setup_.state_changed.signal();
}

}  // namespace laterd::runtime

#include "runtime/worker.h"

#include <exception>

#include "log/log.h"
#include "runtime/worker_loop.h"

namespace laterd::runtime {

Worker::Worker(const Setup& setup) : setup_(setup), thread_([this] { main(); }) {}

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

void Worker::main() noexcept {
    State end = State::failed;
    try {
        WorkerLoop loop(*this);
        end = loop.run();
    } catch (const std::exception& error) {
        log::error("worker failed",
                   {{"route", setup_.route.name}, {"worker", setup_.number}, {"error", error.what()}});
    }
    state_.store(end, std::memory_order_release);
    setup_.state_changed.signal();
}

}  // namespace laterd::runtime

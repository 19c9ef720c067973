#include "loop/errands.h"

namespace laterd::loop {

Errands::Errands() : thread_([this] { work(); }) {}

Errands::~Errands() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    wanted_.notify_one();
    thread_.join();
}

void Errands::run(std::function<Then()> errand) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(errand));
    }
    wanted_.notify_one();
}

void Errands::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        wanted_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
        if (ending_) {
            return;
        }
        std::function<Then()> errand = std::move(waiting_.front());
        waiting_.pop_front();
        running_ = true;
        lock.unlock();
        Then then = errand();
        errand = nullptr;  // what it holds is let go before anybody hears that it is done
        lock.lock();
        running_ = false;
        done_.push_back(std::move(then));
        done_signal_.signal();
    }
}

void Errands::collect() {
    done_signal_.clear();
    std::deque<Then> done;
    {
        const std::lock_guard lock(mutex_);
        done.swap(done_);
    }
    for (const Then& then : done) {
        if (then) {
            then();
        }
    }
}

bool Errands::is_idle() {
    const std::lock_guard lock(mutex_);
    return waiting_.empty() && !running_ && done_.empty();
}

}  // namespace laterd::loop

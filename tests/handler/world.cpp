#include "world.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "loop/clock.h"

namespace laterd::handler_test {

namespace {

constexpr std::chrono::seconds k_patience{30};

core::SteadyTime earlier(core::SteadyTime a, std::optional<core::SteadyTime> b) {
    return b ? std::min(a, *b) : a;
}

}  // namespace

const sink::StoredRecord& stored(const core::Outcome& outcome) {
    return static_cast<const sink::StoredRecord&>(*outcome.record);
}

std::string error_of(const core::Outcome& outcome) {
    return stored(outcome).error ? *stored(outcome).error : std::string();
}

World::World(Transport transport) : transport_(transport) {
    handler.path = "/payments?tenant=7";
    poller_.add(server_event_.fd(), [this] { server_event_.clear(); });
}

World::~World() {
    sink_.reset();  // before the poller
}

std::string World::socket() const {
    return is_unix() ? (folder_.path() / "handler.sock").string() : std::string();
}

support::HttpServer& World::serve(support::HttpServer::Script script, bool reads_bodies) {
    server_ = std::make_unique<support::HttpServer>(
        support::HttpServer::Options{
            .socket = socket(), .port = port_, .reads_bodies = reads_bodies, .on_event = &server_event_},
        std::move(script));
    port_ = server_->port();
    handler.socket = socket();
    handler.address = is_unix() ? std::string() : server_->address();
    return *server_;
}

support::FullQueue& World::fill_queue() {
    queue_ = std::make_unique<support::FullQueue>(socket());
    handler.socket = socket();
    handler.address = is_unix() ? std::string() : queue_->address();
    return *queue_;
}

sink::HandlerSink& World::sink() {
    if (!sink_) {
        sink_ = std::make_unique<sink::HandlerSink>(sink::HandlerSink::Setup{.handler = handler,
                                                                             .route = "payments",
                                                                             .max_attempts = max_attempts,
                                                                             .poller = poller_,
                                                                             .times = times});
    }
    return *sink_;
}

void World::deliver(const support::RecordText& text) {
    sink().deliver(support::make_record(text), loop::read_clocks());
}

void World::turn(core::SteadyTime patience) {
    poller_.wait(std::nullopt, sink_ ? earlier(patience, sink_->wake_at()) : patience);
    if (sink_) {
        sink_->serve(loop::read_clocks(), outcomes_);
    }
}

bool World::until(const std::function<bool()>& condition) {
    const core::SteadyTime patience = loop::read_clocks().steady + k_patience;
    while (!condition()) {
        if (loop::read_clocks().steady >= patience) {
            return false;
        }
        turn(patience);
    }
    return true;
}

std::vector<core::Outcome> World::outcomes(std::size_t count, std::optional<core::SteadyTime> since) {
    const core::SteadyTime start = since.value_or(loop::read_clocks().steady);
    if (!until([&] { return outcomes_.size() >= count; })) {
        throw std::runtime_error("only " + std::to_string(outcomes_.size()) + " outcomes came");
    }
    last_wait_ = std::chrono::duration_cast<std::chrono::milliseconds>(loop::read_clocks().steady - start);
    return std::exchange(outcomes_, {});
}

core::Outcome World::call(const support::RecordText& text) {
    const core::SteadyTime start = loop::read_clocks().steady;
    deliver(text);
    std::vector<core::Outcome> came = outcomes(1, start);
    if (came.size() != 1) {
        throw std::runtime_error("more than one outcome for one record");
    }
    return std::move(came.front());
}

}  // namespace laterd::handler_test

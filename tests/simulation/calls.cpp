#include "simulation/calls.h"

#include <algorithm>
#include <memory>

#include "simulation/host.h"
#include "simulation/world.h"

namespace laterd::simulation {

using namespace std::chrono_literals;
using Result = core::Outcome::Result;

void Calls::deliver(core::RecordPtr record) {
    const SimulatedRecord& seen = simulated(*record);
    bytes_ += record->bytes;
    ++records_;
    Handler::Answer given = world_.handler.call(seen.spec);
    // The agenda's functions can be copied, records cannot.
    auto shared = std::make_shared<core::RecordPtr>(std::move(record));
    const Nanoseconds timeout = world_.scenario.handler.timeout;
    if (given.takes > timeout) {
        world_.sightings.saw(Sighting::call_timed_out);
        given = {.result = Result::retry, .reason = core::Reason::timeout, .takes = timeout};
    }
    // The handler goes on whatever becomes of the daemon.
    world_.agenda.at(world_.now() + given.takes, [this, &world = world_, &host = host_, life = host_.life(),
                                                  handlers = world_.handler.life(), given, shared]() mutable {
        if (given.result != Result::not_attempted && handlers != world.handler.life()) {
            world.sightings.saw(Sighting::call_cut);
            given = {.result = Result::retry, .reason = core::Reason::closed};
        }
        const SimulatedRecord& called = simulated(**shared);
        if (given.result == Result::delivered) {
            world.truth.persisted(called.place, world.written[called.id].origin, core::Purpose::deliver);
        }
        if (life == host.life()) {
            answer(shared, given);
        }
    });
}

void Calls::answer(const std::shared_ptr<core::RecordPtr>& record, const Handler::Answer& answer) {
    host_.after(world_.random.between(20us, 200us), [this, record, answer] {
        bytes_ -= (*record)->bytes;
        --records_;
        std::vector<core::Outcome> outcomes;
        outcomes.push_back({.record = std::move(*record),
                            .result = answer.result,
                            .reason = answer.reason,
                            .code = answer.code,
                            .retry_after = answer.retry_after});
        answered_(std::move(outcomes));
    });
}

}  // namespace laterd::simulation

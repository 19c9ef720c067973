#include "simulation/producer.h"

#include <algorithm>

#include "simulation/copy.h"
#include "simulation/host.h"
#include "simulation/world.h"

namespace laterd::simulation {

using namespace std::chrono_literals;
using core::DeadLetterForm;
using core::Outcome;
using core::Purpose;
using core::Reason;

namespace {

// How long a batch is tried while the brokers are away.
constexpr Nanoseconds k_delivery_timeout = 8s;

model::Produced as_written(const SimulatedRecord& record, std::uint64_t id) {
    if (record.purpose == Purpose::deliver) {
        return {.id = id,
                .bytes = record.spec.bytes,
                .has_key = record.spec.has_key,
                .far_ahead = record.spec.far_ahead};
    }
    return {.id = id,
            .bytes = copy_bytes(record.spec.bytes, record.purpose, record.form),
            .far_ahead = record.purpose == Purpose::dead_letter && record.spec.dead_refused};
}

Reason reason_of(model::ProduceError error) {
    switch (error) {
        case model::ProduceError::unknown_topic:
            return Reason::target_missing;
        case model::ProduceError::not_authorised:
            return Reason::not_authorised;
        case model::ProduceError::too_large:
            return Reason::too_large;
        case model::ProduceError::invalid_timestamp:
            return Reason::bad_timestamp;
        case model::ProduceError::invalid_record:
            return Reason::refused_by_broker;
        case model::ProduceError::none:
            break;
    }
    return Reason::none;
}

}  // namespace

model::Topic& Producer::topic(core::Purpose purpose) {
    switch (purpose) {
        case Purpose::deliver:
            return world_.target;
        case Purpose::retry:
            return world_.retry;
        case Purpose::wait:
            return world_.waiting;
        case Purpose::dead_letter:
            break;
    }
    return world_.dead;
}

Producer::Link& Producer::link_of(const SimulatedRecord& record) {
    const std::size_t partition =
        record.purpose == Purpose::wait
            ? static_cast<std::size_t>(record.lap)
            : (record.place.partition + record.spec.key) % topic(record.purpose).partitions();
    const auto place = links_.try_emplace(
        {record.purpose, partition}, Link{.purpose = record.purpose, .partition = partition, .waiting = {}});
    return place.first->second;
}

void Producer::deliver(std::vector<core::RecordPtr>& records) {
    std::map<Link*, std::uint64_t> open;  // links whose last batch still takes records, and its bytes
    std::vector<Link*> touched;
    for (core::RecordPtr& record : records) {
        const SimulatedRecord& seen = simulated(*record);
        Link& link = link_of(seen);
        const std::uint32_t limit = topic(link.purpose).settings().max_message_bytes;
        const std::uint32_t bytes = as_written(seen, 0).bytes;
        const auto place = open.find(&link);
        // One that is too large on its own may sit among others: the client does not know every limit.
        const bool fits = place != open.end() && (place->second + bytes <= limit || bytes > limit) &&
                          !world_.random.chance(5);
        bytes_ += record->bytes;
        ++records_;
        if (record->alone || !fits) {
            link.waiting.push_back(
                {.records = {}, .entered = world_.now(), .written = host_.read_clocks().wall});
            open[&link] = 0;
        }
        if (bytes <= limit) {
            open[&link] += bytes;
        }
        if (record->alone) {
            open.erase(&link);
        }
        link.waiting.back().records.push_back(std::move(record));
        if (std::find(touched.begin(), touched.end(), &link) == touched.end()) {
            touched.push_back(&link);
        }
    }
    records.clear();
    for (Link* link : touched) {
        work(*link);
    }
}

void Producer::work(Link& link) {
    if (link.busy || link.waiting.empty()) {
        return;
    }
    link.busy = true;
    Nanoseconds takes = world_.hop();
    if (world_.target_slow && link.purpose == Purpose::deliver) {
        takes += world_.random.between(20ms, 600ms);
    }
    world_.agenda.at(world_.now() + takes, [this, &link, life = host_.life(), &host = host_] {
        if (life == host.life()) {
            link.busy = false;
            arrive(link);
        }
    });
}

model::ProduceError Producer::produce(const Link& link, const Batch& batch) {
    std::vector<model::Produced> written;
    for (const auto& record : batch.records) {
        written.push_back(as_written(simulated(*record), world_.written.size() + written.size()));
    }
    const auto error = topic(link.purpose).produce(link.partition, written);
    if (error != model::ProduceError::none) {
        return error;
    }
    for (const auto& record : batch.records) {
        const SimulatedRecord& seen = simulated(*record);
        world_.truth.persisted(seen.place, world_.written[seen.id].origin, link.purpose);
    }
    if (link.purpose == Purpose::retry || link.purpose == Purpose::wait) {
        came_back(link, batch);
    }
    return error;
}

// The topic is one that the group reads.
void Producer::came_back(const Link& link, const Batch& batch) {
    const std::size_t partition =
        link.partition + (link.purpose == Purpose::wait ? world_.first_waiting() : 0);
    auto offset = world_.log(partition).high() - static_cast<core::Offset>(batch.records.size());
    for (const auto& record : batch.records) {
        World::Written copy = copy_of(world_, simulated(*record), batch.written);
        copy.place = {.partition = partition, .offset = offset++};
        world_.truth.appended(partition, copy.spec, world_.now(), false);
        world_.written.push_back(std::move(copy));
    }
    world_.appended(partition);
}

void Producer::arrive(Link& link) {
    Batch& head = link.waiting.front();
    if (!host_.reaches_brokers()) {
        if (world_.now() - head.entered >= k_delivery_timeout) {
            // It may have been written, and nobody was told.
            if (world_.random.chance(world_.scenario.lost_ack_percent)) {
                produce(link, head);
            }
            fail(link, Reason::unavailable);
            return;
        }
        link.busy = true;
        world_.agenda.at(world_.now() + 200ms, [this, &link, life = host_.life(), &host = host_] {
            if (life == host.life()) {
                link.busy = false;
                arrive(link);
            }
        });
        return;
    }
    const auto error = produce(link, head);
    if (error == model::ProduceError::unknown_topic || error == model::ProduceError::not_authorised) {
        fail(link, reason_of(error));
        return;
    }
    Batch done = std::move(head);
    link.waiting.pop_front();
    const auto result =
        error == model::ProduceError::none ? Outcome::Result::delivered : Outcome::Result::rejected;
    answer(link, std::move(done), result, reason_of(error));
    work(link);
}

// Everything that waits for the link fails with the first: a later one must not arrive before an earlier one that is
// tried again.
void Producer::fail(Link& link, Reason reason) {
    std::deque<Batch> failed;
    failed.swap(link.waiting);
    for (Batch& batch : failed) {
        answer(link, std::move(batch), Outcome::Result::not_attempted, reason);
    }
}

void Producer::answer(Link& link, Batch batch, Outcome::Result result, Reason reason) {
    std::vector<Outcome> outcomes;
    for (auto& record : batch.records) {
        outcomes.push_back({.record = std::move(record), .result = result, .reason = reason});
    }
    Nanoseconds takes = world_.hop();
    if (!world_.faults_over && world_.random.chance(world_.scenario.late_ack_percent)) {
        takes = world_.random.between(100ms, 12s);
    }
    link.last_answer = std::max(link.last_answer, world_.now() + takes);
    // The agenda's functions can be copied, outcomes cannot.
    auto shared = std::make_shared<std::vector<Outcome>>(std::move(outcomes));
    host_.after(link.last_answer - world_.now(), [this, shared] {
        for (const Outcome& outcome : *shared) {
            bytes_ -= outcome.record->bytes;
            --records_;
        }
        answered_(std::move(*shared));
    });
}

void Producer::dies() {
    for (auto& [key, link] : links_) {
        if (!link.waiting.empty() && world_.random.chance(50) && host_.reaches_brokers()) {
            produce(link, link.waiting.front());
        }
    }
}

}  // namespace laterd::simulation

#include "sink/copies.h"

#include <cassert>
#include <utility>

#include "sink/copy_headers.h"

namespace laterd::sink {

namespace {

const config::Properties k_no_properties;

Content content(const StoredRecord& record, std::string_view route) {
    const bool is_stub =
        record.purpose == core::Purpose::dead_letter && record.form == core::DeadLetterForm::without_value;
    return {
        .headers = copy_headers(record, route),
        .value = is_stub ? std::nullopt : record.value(),
        .partition = record.purpose == core::Purpose::wait ? record.lap : -1,
    };
}

}  // namespace

Copies::Copies(const SinkSetup& setup) {
    const auto make = [&](std::optional<Lane>& lane, const std::string& cluster, const std::string& topic,
                          const char* suffix) {
        lane.emplace(Lane::Setup{.cluster = setup.table.cluster(cluster),
                                 .properties = k_no_properties,
                                 .topic = topic,
                                 .name = setup.name + suffix,
                                 .queue_bytes = setup.queue_bytes,
                                 .poller = setup.poller,
                                 .write = [&route = setup.route.name](
                                              const StoredRecord& record) { return content(record, route); },
                                 .on_trouble = setup.on_trouble});
    };
    const config::Route& route = setup.route;
    if (!route.retry.topic.empty()) {
        make(retry_, route.from.cluster, route.retry.topic, "-retry");
    }
    if (!route.wait_topic.empty()) {
        make(wait_, route.from.cluster, route.wait_topic, "-wait");
    }
    if (route.dead_letter) {
        make(dead_letter_, route.dead_letter->cluster, route.dead_letter->topic, "-dead");
    }
}

std::optional<Lane>& Copies::lane_for(core::Purpose purpose) {
    switch (purpose) {
        case core::Purpose::retry:
            return retry_;
        case core::Purpose::wait:
            return wait_;
        case core::Purpose::deliver:
        case core::Purpose::dead_letter:
            break;
    }
    assert(purpose == core::Purpose::dead_letter);
    return dead_letter_;
}

void Copies::deliver(core::RecordPtr record) {
    std::optional<Lane>& lane = lane_for(record->purpose);
    assert(lane);
    lane->deliver(std::move(record));
}

void Copies::serve(std::vector<core::Outcome>& outcomes) {
    for (std::optional<Lane>* lane : {&retry_, &wait_, &dead_letter_}) {
        if (*lane) {
            (*lane)->serve(outcomes);
        }
    }
}

std::function<void()> Copies::take_refresh() {
    std::vector<std::function<void()>> questions;
    for (std::optional<Lane>* lane : {&retry_, &wait_, &dead_letter_}) {
        if (!*lane) {
            continue;
        }
        if (std::function<void()> question = (*lane)->take_refresh()) {
            questions.push_back(std::move(question));
        }
    }
    if (questions.empty()) {
        return {};
    }
    return [questions = std::move(questions)] {
        for (const std::function<void()>& ask : questions) {
            ask();
        }
    };
}

}  // namespace laterd::sink

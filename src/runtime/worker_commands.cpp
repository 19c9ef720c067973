// What the core asks for, carried out; and what the group says, told to the core.
#include <algorithm>
#include <map>
#include <set>

#include "core/commit_note.h"
#include "log/log.h"
#include "runtime/worker_loop.h"

namespace laterd::runtime {

namespace {

constexpr std::chrono::milliseconds k_ask_timeout{5'000};
constexpr std::chrono::milliseconds k_kick_timeout{1'000};

constexpr std::chrono::milliseconds k_search_timeout{5'000};
constexpr std::chrono::milliseconds k_search_interval{5'000};
// While nobody finds a topic: a new client each time.
constexpr std::chrono::milliseconds k_search_rarely{30'000};
// A connection that is slow for a moment is no reason to leave the group.
constexpr int k_lost_searches = 2;

// The largest partition count that any commit of this topic's partitions was made under.
std::int32_t partitions_before(const std::vector<kafka::CommittedOffset>& committed,
                               const std::vector<kafka::TopicPartition>& places, const std::string& topic) {
    std::int32_t most = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (places[i].topic == topic && committed[i].known) {
            if (const auto note = core::decode_commit_note(committed[i].metadata)) {
                most = std::max(most, note->partitions);
            }
        }
    }
    return most;
}

// One of each topic that is read.
std::vector<kafka::TopicPartition> first_partitions(const Reached& reached) {
    std::vector<kafka::TopicPartition> places;
    for (const FoundTopic& topic : reached.topics) {
        const bool is_read =
            topic.use == TopicUse::source || topic.use == TopicUse::retry || topic.use == TopicUse::waiting;
        if (is_read && topic.facts.state == kafka::TopicFacts::State::exists) {
            places.push_back({.topic = topic.name, .partition = 0});
        }
    }
    return places;
}

std::optional<core::DoneMap> done_of(const kafka::CommittedOffset& committed) {
    const auto note = committed.known ? core::decode_commit_note(committed.metadata) : std::nullopt;
    return note ? note->done : std::nullopt;
}

}  // namespace

// Blocks. Every question gets an answer; what was not answered by the cluster is not known.
std::vector<core::Position> WorkerLoop::find_positions(const kafka::Consumer& consumer,
                                                       const std::vector<Question>& questions) {
    std::map<std::string, std::int32_t> counts;
    std::vector<kafka::TopicPartition> places;
    for (const Question& question : questions) {
        places.push_back(question.place);
        const auto [entry, is_new] = counts.try_emplace(question.place.topic, 0);
        if (is_new) {
            entry->second = consumer.partition_count(question.place.topic, k_ask_timeout).value_or(0);
        }
    }
    const std::vector<kafka::LogEnds> ends = consumer.log_ends(places, k_ask_timeout);
    // Other members' partitions are asked about too: their notes tell whether a partition is a new one.
    const std::size_t asked = places.size();
    const std::set<kafka::TopicPartition> ours(places.begin(), places.end());
    for (const auto& [topic, count] : counts) {
        for (std::int32_t number = 0; number < count; ++number) {
            if (kafka::TopicPartition place{.topic = topic, .partition = number}; !ours.contains(place)) {
                places.push_back(place);
            }
        }
    }
    const std::vector<kafka::CommittedOffset> committed = consumer.committed(places, k_ask_timeout);
    std::map<std::string, std::int32_t> before;
    for (const auto& [topic, count] : counts) {
        before[topic] = partitions_before(committed, places, topic);
    }
    std::vector<core::Position> found;
    for (std::size_t i = 0; i < asked; ++i) {
        const std::string& topic = places[i].topic;
        found.push_back({.slot = questions[i].slot,
                         .epoch = questions[i].epoch,
                         .known = committed[i].known && ends[i].known && counts[topic] > 0,
                         .committed = committed[i].offset,
                         .low = ends[i].low,
                         .high = ends[i].high,
                         .partitions = counts[topic],
                         .partitions_before = before[topic],
                         .done = done_of(committed[i])});
    }
    return found;
}

void WorkerLoop::execute() {
    core::Commands& commands = pipeline_->commands();
    if (commands.commit) {
        commit(*commands.commit);
    }
    if (commands.unassign) {
        consumer_->unassign();
        watch_.clear();
    }
    if (commands.assign) {
        consumer_->assign(*commands.assign);
        for (const core::AssignEntry& entry : *commands.assign) {
            if (!entry.paused) {
                watch_.expect(entry.slot, now_.steady);
            }
        }
    }
    if (!commands.pause.empty()) {
        consumer_->pause(commands.pause);
        for (const core::Slot slot : commands.pause) {
            watch_.heard(slot);
        }
    }
    if (!commands.resume.empty()) {
        consumer_->resume(commands.resume);
        for (const core::ResumeEntry& entry : commands.resume) {
            watch_.expect(entry.slot, now_.steady);
        }
    }
    if (!commands.look_up.empty()) {
        look_up(commands.look_up);
    }
    for (core::RecordPtr& record : commands.deliveries) {
        sinks_->deliver(std::move(record), now_);
    }
    for (const core::Notice& notice : commands.notices) {
        const bool of_partition =
            notice.kind != core::Notice::Kind::gate_holding && notice.kind != core::Notice::Kind::gate_open &&
            notice.kind != core::Notice::Kind::duplicates && notice.kind != core::Notice::Kind::suspended &&
            notice.kind != core::Notice::Kind::unsuspended &&
            notice.kind != core::Notice::Kind::commit_failed;
        notices_.tell(notice, of_partition ? &consumer_->place(notice.slot) : nullptr, now_);
    }
    const bool drained = commands.drained;
    const auto wake_wall = commands.wake_wall;
    const auto wake_steady = commands.wake_steady;
    commands.clear();
    commands.wake_wall = wake_wall;
    commands.wake_steady = wake_steady;
    if (drained) {
        pipeline_->measure(now_);  // the counters are logged once more
        leave();
    }
}

void WorkerLoop::commit(const core::CommitRequest& request) {
    committing_ = request.entries;
    std::vector<kafka::CommitWish> wishes;
    wishes.reserve(request.entries.size());
    for (const core::CommitEntry& entry : request.entries) {
        wishes.push_back({.slot = entry.slot, .offset = entry.offset, .metadata = entry.note});
    }
    if (!consumer_->commit(request.id, wishes)) {
        std::vector<kafka::CommitResult> failed;
        failed.reserve(request.entries.size());
        for (const core::CommitEntry& entry : request.entries) {
            failed.push_back({.slot = entry.slot,
                              .offset = entry.offset,
                              .result = core::CommitAnswer::Result::failed,
                              .error = "refused by the client"});
        }
        on_commit_answer(request.id, failed);
    }
}

void WorkerLoop::on_commit_answer(std::uint64_t id, const std::vector<kafka::CommitResult>& results) {
    std::vector<core::CommitAnswer> answers;
    for (const kafka::CommitResult& result : results) {
        const auto sent =
            std::find_if(committing_.begin(), committing_.end(),
                         [&](const core::CommitEntry& entry) { return entry.slot == result.slot; });
        if (sent == committing_.end()) {
            continue;
        }
        answers.push_back(
            {.slot = result.slot, .epoch = sent->epoch, .offset = result.offset, .result = result.result});
        if (!result.error.empty()) {
            notices_.trouble(source_cluster(), 0, "commit: " + result.error, now_);
        }
    }
    pipeline_->committed(now_, id, answers);
}

void WorkerLoop::look_up(const std::vector<core::Slot>& slots) {
    std::vector<Question> questions;
    questions.reserve(slots.size());
    for (const core::Slot slot : slots) {
        questions.push_back({.slot = slot, .epoch = pipeline_->epoch(slot), .place = consumer_->place(slot)});
    }
    errands_->run([this, questions]() -> loop::Errands::Then {
        return [this, found = find_positions(*consumer_, questions)] {
            if (pipeline_ && !leaving_) {
                pipeline_->positions(now_, found);
                busy_ = true;
            }
        };
    });
}

void WorkerLoop::measure_lag() {
    std::vector<Question> questions;
    for (core::Slot slot = 0; slot < consumer_->slot_count(); ++slot) {
        if (pipeline_->committable(slot)) {
            questions.push_back(
                {.slot = slot, .epoch = pipeline_->epoch(slot), .place = consumer_->place(slot)});
        }
    }
    if (questions.empty()) {
        worker_.setup_.counters.topics.clear_lag();
        return;
    }
    if (std::exchange(measuring_lag_, true)) {
        return;
    }
    errands_->run([this, questions]() -> loop::Errands::Then {
        std::vector<kafka::TopicPartition> places;
        places.reserve(questions.size());
        for (const Question& question : questions) {
            places.push_back(question.place);
        }
        return [this, questions, ends = consumer_->log_ends(places, k_ask_timeout)] {
            measuring_lag_ = false;
            take_lag(questions, ends);
        };
    });
}

void WorkerLoop::take_lag(const std::vector<Question>& questions, const std::vector<kafka::LogEnds>& ends) {
    std::map<core::TopicCounters*, std::uint64_t> by_topic;
    for (std::size_t i = 0; i < questions.size(); ++i) {
        const auto& [slot, epoch, place] = questions[i];
        const std::optional<core::Offset> done = pipeline_->committable(slot);
        std::uint64_t& of_topic = by_topic[&worker_.setup_.counters.topics.of(place.topic)];
        if (!ends[i].known || !done || pipeline_->epoch(slot) != epoch) {
            continue;
        }
        lag_[slot] = static_cast<std::uint64_t>(std::max<core::Offset>(ends[i].high - *done, 0));
        of_topic += lag_[slot];
    }
    worker_.setup_.counters.topics.clear_lag();
    for (const auto& [topic, lag] : by_topic) {
        topic->lag.set(lag);
    }
}

// Copies out what those who look from outside may see.
void WorkerLoop::show() {
    core::View view = pipeline_->view(now_);
    auto shown = std::make_shared<admin::WorkerView>(admin::WorkerView{.at = now_.wall,
                                                                       .partitions = {},
                                                                       .due = view.due,
                                                                       .is_holding = view.is_holding,
                                                                       .holding_for = view.holding_for});
    shown->partitions.reserve(view.partitions.size());
    for (const core::PartitionView& partition : view.partitions) {
        const kafka::TopicPartition& place = consumer_->place(partition.slot);
        const auto lag = lag_.find(partition.slot);
        shown->partitions.push_back({.topic = place.topic,
                                     .partition = place.partition,
                                     .role = intake_.role(place.topic),
                                     .view = partition,
                                     .lag = lag != lag_.end() ? std::optional(lag->second) : std::nullopt});
    }
    worker_.setup_.board.publish(std::move(shown));
}

// How many laps the waiting topic has; it may come later, or get more.
void WorkerLoop::count_laps() {
    if (route_.wait_topic.empty()) {
        return;
    }
    errands_->run([this]() -> loop::Errands::Then {
        return [this, count = consumer_->partition_count(route_.wait_topic, k_ask_timeout)] {
            if (count) {
                pipeline_->wait_partitions(topics_.laps(*count));
            }
        };
    });
}

void WorkerLoop::read_topics() {
    if (leaving_ || std::exchange(reading_topics_, true)) {
        return;
    }
    errands_->run([this]() -> loop::Errands::Then {
        return [this, found = reach(worker_.setup_.table, route_)] {
            reading_topics_ = false;
            if (!leaving_) {
                topics_found(found);
                busy_ = true;
            }
        };
    });
}

void WorkerLoop::topics_found(const Reached& reached) {
    topics_.found(reached, now_.steady);
    if (reached.ok) {
        read_places_ = first_partitions(reached);
    }
    if (reached.ok && !route_.wait_topic.empty()) {
        pipeline_->wait_partitions(topics_.laps(reached.wait_partitions));
    }
    if (reached.target_max_message_bytes) {
        sinks_->limit_batches(*reached.target_max_message_bytes);
    }
    intake_.keep(topics_.kept_sources());
    pipeline_->retry_kept(topics_.retry_kept());
    pipeline_->unfit(now_, topics_.unfit());
    if (topics_.take_appeared()) {
        errands_->run([this]() -> loop::Errands::Then {
            consumer_->look_for_topics(k_ask_timeout);
            return {};
        });
    }
}

void WorkerLoop::kick_stalled() {
    if (leaving_) {
        return;
    }
    if (const std::optional<core::Slot> slot = watch_.next_kick(now_.steady)) {
        errands_->run([this, slot = *slot, place = consumer_->place(*slot)]() -> loop::Errands::Then {
            consumer_->kick(place, k_kick_timeout);
            return [this, slot] { watch_.kicked(slot, now_.steady); };
        });
    }
}

void WorkerLoop::look_for_lost_topics() {
    if (!kafka::LostTopics::may_be() || now_.steady < search_at_ || leaving_ || draining_ ||
        std::exchange(searching_, true)) {
        return;
    }
    errands_->run([this, places = read_places_]() -> loop::Errands::Then {
        const auto is_over = [this] { return worker_.order_.load() != Worker::Order::run; };
        return [this, result = consumer_->search(places, k_search_timeout, is_over)] {
            searching_ = false;
            search_at_ =
                now_.steady + (result == kafka::Search::nowhere ? k_search_rarely : k_search_interval);
            lost_searches_ = result == kafka::Search::lost ? lost_searches_ + 1 : 0;
            if (lost_searches_ == k_lost_searches && !leaving_ && !draining_) {
                renew();
            }
        };
    });
}

void WorkerLoop::refresh_topics() {
    if (refreshing_ || leaving_) {
        return;
    }
    if (std::function<void()> refresh = sinks_->take_refresh()) {
        refreshing_ = true;
        errands_->run([this, refresh = std::move(refresh)]() -> loop::Errands::Then {
            refresh();
            return [this] { refreshing_ = false; };
        });
    }
    if (sinks_->take_limit_doubt()) {
        errands_->run([this]() -> loop::Errands::Then {
            return [this, limit = target_max_message_bytes(worker_.setup_.table, route_)] {
                if (limit) {
                    sinks_->limit_batches(*limit);
                }
            };
        });
    }
}

void WorkerLoop::on_assign(const std::vector<kafka::AssignedPartition>& partitions) {
    // The client goes on with nothing for now; where to begin is found out first.
    consumer_->assign({});
    watch_.clear();
    std::vector<core::Assigned> assigned;
    assigned.reserve(partitions.size());
    for (const kafka::AssignedPartition& partition : partitions) {
        assigned.push_back({.slot = partition.slot,
                            .number = partition.partition,
                            .role = intake_.role(partition.topic),
                            .order = route_.order,
                            .topic = &worker_.setup_.counters.topics.of(partition.topic)});
        topics_.reads(partition.topic, now_.steady);
    }
    log::info("partitions assigned",
              {{"route", route_.name}, {"worker", worker_.setup_.number}, {"count", partitions.size()}});
    lag_.clear();
    pipeline_->assigned(now_, assigned);
    worker_.setup_.board.join(true);
}

void WorkerLoop::on_revoke(bool lost) {
    log::info(lost ? "partitions lost" : "partitions revoked",
              {{"route", route_.name}, {"worker", worker_.setup_.number}});
    if (lost) {
        pipeline_->lose(now_);
    } else {
        pipeline_->revoke(now_);
    }
}

const config::Cluster& WorkerLoop::source_cluster() const {
    return worker_.setup_.table.cluster(route_.from.cluster);
}

void WorkerLoop::client_error(const config::Cluster& cluster, kafka::ErrorCode code, std::string_view text,
                              bool fatal) {
    if (fatal) {
        die(text, kafka::is_fenced(code));
        return;
    }
    notices_.trouble(cluster, code, text, now_);
}

void WorkerLoop::on_error(kafka::ErrorCode code, std::string_view text, bool fatal) {
    client_error(source_cluster(), code, text, fatal);
}

void WorkerLoop::on_log(int syslog_level, std::string_view text) {
    if (syslog_level <= 4) {
        notices_.trouble(source_cluster(), 0, text, now_);
    }
}

}  // namespace laterd::runtime

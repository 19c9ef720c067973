#include "kafka/consumer.h"

#include "kafka/client.h"
#include "kafka/partition_list.h"
#include "kafka/topic_state.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace laterd::kafka {

namespace {

// Messages taken from librdkafka in one call.
constexpr std::size_t k_batch = 256;

// Room for the announcements of every partition that one consumer may have: a lost one would be a partition
// that sleeps.
constexpr int k_pipe_bytes = 1 << 20;

std::span<const rd_kafka_topic_partition_t> elements(const rd_kafka_topic_partition_list_t* list) {
    return {list->elems, static_cast<std::size_t>(list->cnt)};
}

TopicPartition place_of(const rd_kafka_topic_partition_t& element) {
    return {element.topic, element.partition};
}

std::pair<loop::Fd, loop::Fd> make_pipe() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) {
        throw std::system_error(errno, std::system_category(), "pipe2");
    }
    // An unprivileged user may be refused the size; the sweep over all slots is the net below.
    static_cast<void>(fcntl(ends[1], F_SETPIPE_SZ, k_pipe_bytes));
    return {loop::Fd(ends[0]), loop::Fd(ends[1])};
}

bool is_out_of_range(rd_kafka_resp_err_t error) {
    return error == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || error == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
}

}  // namespace

Consumer::Consumer(const ConsumerSettings& settings) : topics_(settings.from.topics) {
    std::tie(ready_pipe_read_, ready_pipe_write_) = make_pipe();
    Conf conf = consumer_conf(settings);
    Conf spare(rd_kafka_conf_dup(conf.get()));
    client_ = make_client(RD_KAFKA_CONSUMER, std::move(conf));
    lost_topics_.emplace(client_, std::move(spare));
    rd_kafka_poll_set_consumer(client_);
    control_ = rd_kafka_queue_get_consumer(client_);
    const std::uint64_t one = 1;
    rd_kafka_queue_io_event_enable(control_, control_signal_.fd(), &one, sizeof one);
    // Only the first entry of an empty queue is announced, and the client may have logged something already.
    control_signal_.signal();
}

Consumer::~Consumer() {
    drop_queues();
    if (client_ != nullptr) {
        rd_kafka_destroy_flags(client_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
}

void Consumer::subscribe() {
    const PartitionListPtr list = make_list(topics_.size());
    for (const std::string& topic : topics_) {
        rd_kafka_topic_partition_list_add(list.get(), whole_pattern(topic).c_str(), RD_KAFKA_PARTITION_UA);
    }
    if (const auto error = rd_kafka_subscribe(client_, list.get())) {
        throw std::runtime_error(std::string("cannot subscribe: ") + rd_kafka_err2str(error));
    }
}

core::Slot Consumer::slot(const TopicPartition& place) {
    const auto [at, is_new] = slots_.try_emplace(place, static_cast<core::Slot>(partitions_.size()));
    if (is_new) {
        partitions_.push_back({.place = place});
    }
    return at->second;
}

// --- control ---

void Consumer::serve_control(Listener& listener) {
    control_signal_.clear();
    for (const RefusedCall& refused : std::exchange(refused_, {})) {
        listener.on_error(refused.code, refused.text, false);
    }
    while (const EventPtr event{rd_kafka_queue_poll(control_, 0)}) {
        handle(listener, event.get());
    }
}

void Consumer::handle(Listener& listener, rd_kafka_op_s* event) {
    switch (rd_kafka_event_type(event)) {
        case RD_KAFKA_EVENT_REBALANCE:
            handle_rebalance(listener, event);
            break;
        case RD_KAFKA_EVENT_OFFSET_COMMIT:
            handle_commit(listener, event);
            break;
        case RD_KAFKA_EVENT_ERROR:
            tell_error(client_, event, listener);
            break;
        case RD_KAFKA_EVENT_LOG:
            tell_log(event, listener);
            break;
        case RD_KAFKA_EVENT_FETCH:
            // Queues are split before anything is fetched; a record here would be lost.
            listener.on_error(RD_KAFKA_RESP_ERR__INCONSISTENT,
                              "a record came outside of its partition's queue", true);
            break;
        default:
            break;
    }
}

void Consumer::handle_rebalance(Listener& listener, rd_kafka_op_s* event) {
    const rd_kafka_topic_partition_list_t* list = rd_kafka_event_topic_partition_list(event);
    switch (rd_kafka_event_error(event)) {
        case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS: {
            std::vector<AssignedPartition> partitions;
            for (const auto& element : elements(list)) {
                partitions.push_back({slot(place_of(element)), element.topic, element.partition});
            }
            listener.on_assign(partitions);
            break;
        }
        case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
            listener.on_revoke(rd_kafka_assignment_lost(client_) != 0);
            break;
        default:
            unassign();
            listener.on_error(rd_kafka_event_error(event), rd_kafka_event_error_string(event), false);
            break;
    }
}

void Consumer::handle_commit(Listener& listener, rd_kafka_op_s* event) {
    const auto id = reinterpret_cast<std::uintptr_t>(rd_kafka_event_opaque(event));
    const rd_kafka_topic_partition_list_t* list = rd_kafka_event_topic_partition_list(event);
    if (list == nullptr || id == 0) {
        return;
    }
    const auto parts = elements(list);
    const bool each_has_its_own =
        std::any_of(parts.begin(), parts.end(), [](const auto& part) { return part.err; });
    std::vector<CommitResult> results;
    for (const auto& part : parts) {
        // Without any error of its own kind the whole request failed, or nothing did.
        const auto error = each_has_its_own ? part.err : rd_kafka_event_error(event);
        results.push_back({.slot = slot(place_of(part)),
                           .offset = part.offset,
                           .result = classify_commit(error),
                           .error = error ? rd_kafka_err2str(error) : ""});
    }
    listener.on_commit_answer(id, results);
}

std::string Consumer::member_id() const {
    char* id = rd_kafka_memberid(client_);
    if (id == nullptr) {
        return {};
    }
    const std::string copy(id);
    rd_kafka_mem_free(client_, id);
    return copy;
}

// --- records ---

std::span<const core::Slot> Consumer::ready_slots() {
    take_ready_from_pipe();
    for (const core::Slot slot : ready_) {
        Partition& partition = partitions_[slot];
        // What is queued for a paused or foreign partition is outdated: resume and assign say anew where to
        // read.
        if (partition.ready && (partition.paused || !partition.assigned)) {
            empty(partition);
        }
    }
    std::erase_if(ready_, [this](core::Slot slot) {
        Partition& partition = partitions_[slot];
        partition.listed = partition.ready;
        return !partition.listed;
    });
    return ready_;
}

void Consumer::take_ready_from_pipe() {
    std::array<core::Slot, 1'024> announced;  // a pipe's writes of four bytes are never torn
    for (;;) {
        const ssize_t got = ::read(ready_pipe_read_.get(), announced.data(), sizeof announced);
        if (got <= 0) {
            return;
        }
        for (std::size_t i = 0; i < static_cast<std::size_t>(got) / sizeof(core::Slot); ++i) {
            mark_ready(announced[i]);
        }
    }
}

void Consumer::mark_ready(core::Slot slot) {
    Partition& partition = partitions_[slot];
    partition.ready = true;
    if (!std::exchange(partition.listed, true)) {
        ready_.push_back(slot);
    }
}

void Consumer::wake_all_slots() {
    for (core::Slot slot = 0; slot < partitions_.size(); ++slot) {
        if (partitions_[slot].assigned) {
            mark_ready(slot);
        }
    }
}

namespace {

void take_error(const rd_kafka_message_t& message, ReadResult& result) {
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        result.end = message.offset;
        return;
    }
    result.errors.push_back({.code = message.err,
                             .out_of_range = is_out_of_range(message.err),
                             .offset = message.offset,
                             .text = rd_kafka_message_errstr(&message)});
}

}  // namespace

ReadResult Consumer::read(core::Slot slot, std::size_t max, const Sink& sink) {
    Partition& partition = partitions_[slot];
    ReadResult result;
    std::array<rd_kafka_message_t*, k_batch> messages;
    while (partition.queue != nullptr && result.records < max && !result.emptied) {
        const std::size_t wanted = std::min(k_batch, max - result.records);
        // Only a timeout of 0: any other waits until the batch is full.
        const ssize_t got = rd_kafka_consume_batch_queue(partition.queue, 0, messages.data(), wanted);
        for (ssize_t i = 0; i < got; ++i) {
            rd_kafka_message_t* message = messages[static_cast<std::size_t>(i)];
            if (message->err) {
                take_error(*message, result);
            } else {
                sink(MessageView(*message));
                result.end.reset();
                ++result.records;
            }
            rd_kafka_message_destroy(message);
        }
        result.emptied = got < static_cast<ssize_t>(wanted);
    }
    result.emptied = result.emptied || partition.queue == nullptr;
    partition.ready = !result.emptied;
    return result;
}

void Consumer::empty(Partition& partition) {
    std::array<rd_kafka_message_t*, k_batch> messages;
    ssize_t got = 0;
    do {
        got = partition.queue == nullptr
                  ? 0
                  : rd_kafka_consume_batch_queue(partition.queue, 0, messages.data(), k_batch);
        for (ssize_t i = 0; i < got; ++i) {
            rd_kafka_message_destroy(messages[static_cast<std::size_t>(i)]);
        }
    } while (got == static_cast<ssize_t>(k_batch));
    partition.ready = false;
}

// --- what is read ---

// Done again for every assignment: librdkafka may have made the partition anew, with another queue.
void Consumer::split(core::Slot slot) {
    Partition& partition = partitions_[slot];
    rd_kafka_queue_t* queue =
        rd_kafka_queue_get_partition(client_, partition.place.topic.c_str(), partition.place.partition);
    if (queue == nullptr) {
        return;
    }
    rd_kafka_queue_forward(queue, nullptr);
    rd_kafka_queue_io_event_enable(queue, ready_pipe_write_.get(), &slot, sizeof slot);
    if (partition.queue != nullptr) {
        rd_kafka_queue_destroy(partition.queue);
    }
    partition.queue = queue;
}

bool Consumer::assign(std::span<const core::AssignEntry> entries) {
    const PartitionListPtr all = make_list(entries.size());
    const PartitionListPtr paused = make_list(entries.size());
    const PartitionListPtr unpaused = make_list(entries.size());
    for (Partition& partition : partitions_) {
        partition.assigned = false;
    }
    for (const core::AssignEntry& entry : entries) {
        split(entry.slot);
        Partition& partition = partitions_[entry.slot];
        partition.assigned = true;
        add(all, partition.place)->offset = entry.offset;
        if (entry.paused) {
            add(paused, partition.place);
        } else if (partition.paused) {
            add(unpaused, partition.place);
        }
        partition.paused = entry.paused;
    }
    // The client's pause flags survive assignments. They are brought in order before, so that nothing is
    // fetched for a paused partition and nothing is paused or resumed while the fetching starts.
    rd_kafka_resume_partitions(client_, unpaused.get());
    rd_kafka_pause_partitions(client_, paused.get());
    const auto error = rd_kafka_assign(client_, all.get());
    // Everything queued before is outdated, and as long as it lies there no queue announces anything.
    for (core::Slot slot = 0; slot < partitions_.size(); ++slot) {
        Partition& partition = partitions_[slot];
        if (partition.assigned && !partition.paused) {
            mark_ready(slot);
        } else {
            empty(partition);
        }
    }
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        refuse(error, "cannot assign");
    }
    return error == RD_KAFKA_RESP_ERR_NO_ERROR;
}

void Consumer::unassign() {
    if (const auto error = rd_kafka_assign(client_, nullptr)) {
        refuse(error, "cannot unassign");
    }
    for (Partition& partition : partitions_) {
        partition.assigned = false;
        empty(partition);
    }
}

void Consumer::pause(std::span<const core::Slot> slots) {
    const PartitionListPtr list = make_list(slots.size());
    for (const core::Slot slot : slots) {
        partitions_[slot].paused = true;
        add(list, partitions_[slot].place);
    }
    rd_kafka_pause_partitions(client_, list.get());
    for (const core::Slot slot : slots) {
        empty(partitions_[slot]);
    }
}

void Consumer::resume(std::span<const core::ResumeEntry> entries) {
    const PartitionListPtr list = make_list(entries.size());
    const PartitionListPtr paused = make_list(entries.size());
    for (const core::ResumeEntry& entry : entries) {
        Partition& partition = partitions_[entry.slot];
        add(list, partition.place)->offset = entry.offset;
        // 2.0.2 rewinds a partition that is resumed without having been paused.
        if (std::exchange(partition.paused, false)) {
            add(paused, partition.place);
        }
        mark_ready(entry.slot);
    }
    // Not waited for: the position is checked against every record that comes anyway.
    const ErrorPtr ignored(rd_kafka_seek_partitions(client_, list.get(), 0));
    rd_kafka_resume_partitions(client_, paused.get());
}

void Consumer::refuse(ErrorCode code, const char* what) {
    refused_.push_back({code, std::string(what) + ": " + describe(code)});
    control_signal_.signal();
}

bool Consumer::commit(std::uint64_t id, const std::vector<CommitWish>& wishes) {
    assert(id != 0);
    const PartitionListPtr list = make_list(wishes.size());
    for (const CommitWish& wish : wishes) {
        rd_kafka_topic_partition_t* part = add(list, partitions_[wish.slot].place);
        part->offset = wish.offset;
        if (!wish.metadata.empty()) {
            // Freed by the list, with librdkafka's allocator, which is malloc.
            part->metadata =
                std::memcpy(std::malloc(wish.metadata.size()), wish.metadata.data(), wish.metadata.size());
            part->metadata_size = wish.metadata.size();
        }
    }
    const auto error = rd_kafka_commit_queue(client_, list.get(), control_, nullptr,
                                             reinterpret_cast<void*>(static_cast<std::uintptr_t>(id)));
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
        refuse(error, "cannot commit");
    }
    return error == RD_KAFKA_RESP_ERR_NO_ERROR;
}

std::optional<core::Offset> Consumer::cached_end(core::Slot slot) const {
    const TopicPartition& place = partitions_[slot].place;
    std::int64_t low = RD_KAFKA_OFFSET_INVALID;
    std::int64_t high = RD_KAFKA_OFFSET_INVALID;
    if (rd_kafka_get_watermark_offsets(client_, place.topic.c_str(), place.partition, &low, &high) ||
        high < 0) {
        return std::nullopt;
    }
    return high;
}

// --- blocking ---

namespace {

CommittedOffset to_committed(const rd_kafka_topic_partition_t& part, rd_kafka_resp_err_t error) {
    CommittedOffset found;
    // A partition's own error and one of the whole request both mean: nobody knows. RD_KAFKA_OFFSET_INVALID
    // stands for "none" only in an answer without either.
    const auto why = error ? error : part.err;
    if (why) {
        found.error = rd_kafka_err2str(why);
        return found;
    }
    found.known = true;
    if (part.offset >= 0) {
        found.offset = part.offset;
        if (part.metadata != nullptr) {
            found.metadata.assign(static_cast<const char*>(part.metadata), part.metadata_size);
        }
    }
    return found;
}

}  // namespace

std::vector<CommittedOffset> Consumer::committed(const std::vector<TopicPartition>& places,
                                                 std::chrono::milliseconds timeout) const {
    const PartitionListPtr list = make_list(places.size());
    for (const TopicPartition& place : places) {
        add(list, place);
    }
    const auto error = places.empty() ? RD_KAFKA_RESP_ERR_NO_ERROR
                                      : rd_kafka_committed(client_, list.get(), timeout_ms(timeout));
    std::vector<CommittedOffset> found;
    for (const auto& part : elements(list.get())) {
        found.push_back(to_committed(part, error));
    }
    return found;
}

std::vector<LogEnds> Consumer::log_ends(const std::vector<TopicPartition>& places,
                                        std::chrono::milliseconds timeout) const {
    return ask_log_ends(client_, places, timeout);
}

Search Consumer::search(const std::vector<TopicPartition>& places, std::chrono::milliseconds timeout,
                        const std::function<bool()>& is_over) const {
    return lost_topics_->search(places, timeout, is_over);
}

std::optional<std::int32_t> Consumer::partition_count(const std::string& topic,
                                                      std::chrono::milliseconds timeout) const {
    const TopicState state = topic_state(client_, topic, timeout);
    return state.exists ? std::optional(state.partitions) : std::nullopt;
}

void Consumer::kick(const TopicPartition& place, std::chrono::milliseconds timeout) const {
    std::int64_t low = 0;
    std::int64_t high = 0;
    rd_kafka_query_watermark_offsets(client_, place.topic.c_str(), place.partition, &low, &high,
                                     timeout_ms(timeout));
}

// An answer about single topics does not reach the group's part of the client.
void Consumer::look_for_topics(std::chrono::milliseconds timeout) const {
    const rd_kafka_metadata_t* answer = nullptr;
    rd_kafka_metadata(client_, 1, nullptr, &answer, timeout_ms(timeout));
    const MetadataPtr metadata(answer);
}

// --- end ---

void Consumer::drop_queues() noexcept {
    for (Partition& partition : partitions_) {
        if (partition.queue != nullptr) {
            empty(partition);
            rd_kafka_queue_io_event_enable(partition.queue, -1, nullptr, 0);
            rd_kafka_queue_destroy(std::exchange(partition.queue, nullptr));
        }
    }
    if (control_ != nullptr) {
        rd_kafka_queue_io_event_enable(control_, -1, nullptr, 0);
        rd_kafka_queue_destroy(std::exchange(control_, nullptr));
    }
}

bool Consumer::close(std::chrono::milliseconds timeout) {
    unassign();
    drop_queues();
    const auto until = std::chrono::steady_clock::now() + timeout;
    const QueuePtr queue(rd_kafka_queue_new(client_));
    const ErrorPtr ignored(rd_kafka_consumer_close_queue(client_, queue.get()));
    while (rd_kafka_consumer_closed(client_) == 0 && std::chrono::steady_clock::now() < until) {
        const EventPtr event(rd_kafka_queue_poll(queue.get(), 50));
        if (event && rd_kafka_event_type(event.get()) == RD_KAFKA_EVENT_REBALANCE) {
            rd_kafka_assign(client_, nullptr);
        }
    }
    return rd_kafka_consumer_closed(client_) != 0;
}

}  // namespace laterd::kafka

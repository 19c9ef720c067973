// A topic that is written to, as a broker judges it: a produce request is taken or refused as a whole.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "simulation/model/log.h"

namespace laterd::model {

enum class ProduceError : std::uint8_t {
    none,
    unknown_topic,
    not_authorised,
    too_large,          // MSG_SIZE_TOO_LARGE: one record, or the batch of them
    invalid_record,     // no key on a compacted topic
    invalid_timestamp,  // too far ahead of the broker's clock
};

struct Produced {
    std::uint64_t id = 0;
    std::uint32_t bytes = 0;
    bool has_key = true;
    bool far_ahead = false;  // its timestamp
};

class Topic {
  public:
    struct Settings {
        std::uint32_t max_message_bytes = 1'048'588;
        bool compacted = false;
    };

    Topic(std::size_t partitions, Settings settings) : settings_(settings), logs_(partitions) {}

    // One batch to one partition. What is not `none` holds for every record of it.
    ProduceError produce(std::size_t partition, std::span<const Produced> batch);

    void remove() { exists_ = false; }
    void restore() { exists_ = true; }
    void forbid() { authorised_ = false; }
    void allow() { authorised_ = true; }

    // The topic again under the same name: new logs from offset 0.
    void recreate() { logs_.assign(logs_.size(), Log{}); }
    void add_partition() { logs_.emplace_back(); }

    std::size_t partitions() const noexcept { return logs_.size(); }
    Log& log(std::size_t partition) { return logs_[partition]; }
    const Log& log(std::size_t partition) const { return logs_[partition]; }
    const Settings& settings() const noexcept { return settings_; }

  private:
    ProduceError judge(std::size_t partition, std::span<const Produced> batch) const;

    Settings settings_;
    bool exists_ = true;
    bool authorised_ = true;
    std::vector<Log> logs_;
};

}  // namespace laterd::model

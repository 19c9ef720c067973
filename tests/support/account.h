// The judge of a test: what was produced against what arrived. None missing, none early, duplicates counted, order kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "support/kafka_record.h"

namespace laterd::support {

class Account {
  public:
    // A record that was produced: it may be released from `due_ms` on. `partition` is its source partition; records of
    // one partition are announced in the order of their offsets.
    void expect(const std::string& id, std::int64_t due_ms, std::int32_t partition = 0);

    struct Verdict {
        std::size_t missing = 0;       // produced, and neither delivered nor dead-lettered
        std::size_t duplicates = 0;    // deliveries and dead letters beyond the first
        std::size_t foreign = 0;       // arrived without having been produced
        std::size_t early = 0;         // arrived, or carrying a timestamp, before they were due
        std::size_t out_of_order = 0;  // first deliveries that came after a later record's of their partition
        std::int64_t latest_ms = 0;    // the largest distance from due to arrival
        std::string example;           // an id of the first of these faults
    };
    // `has_release_time`: the target records' timestamps are the time of release (`timestamp: now`).
    Verdict judge(const std::vector<TestRecord>& delivered, const std::vector<TestRecord>& dead = {},
                  bool has_release_time = true) const;

    std::size_t size() const { return expected_.size(); }

  private:
    struct Expected {
        std::int64_t due_ms;
        std::int32_t partition;
        std::size_t position;
    };
    std::vector<std::string> out_of_order(const std::vector<TestRecord>& delivered) const;

    std::map<std::string, Expected> expected_;
};

}  // namespace laterd::support

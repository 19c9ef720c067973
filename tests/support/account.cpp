#include "support/account.h"

#include <algorithm>
#include <set>
#include <utility>

namespace laterd::support {

void Account::expect(const std::string& id, std::int64_t due_ms, std::int32_t partition) {
    expected_[id] = {due_ms, partition, expected_.size()};
}

Account::Verdict Account::judge(const std::vector<TestRecord>& delivered, const std::vector<TestRecord>& dead,
                                bool has_release_time) const {
    Verdict verdict;
    std::set<std::string> seen;
    const auto note = [&](std::size_t& fault, const std::string& id) {
        ++fault;
        if (verdict.example.empty()) {
            verdict.example = id;
        }
    };
    for (const auto* arrived : {&delivered, &dead}) {
        for (const TestRecord& record : *arrived) {
            const std::string id = record.id();
            const auto found = expected_.find(id);
            if (found == expected_.end()) {
                note(verdict.foreign, id);
                continue;
            }
            if (!seen.insert(id).second) {
                note(verdict.duplicates, id);
            }
            if (arrived == &dead) {
                continue;
            }
            const std::int64_t due = found->second.due_ms;
            verdict.latest_ms = std::max(verdict.latest_ms, record.arrived_ms - due);
            if (record.arrived_ms < due || (has_release_time && record.timestamp < due)) {
                note(verdict.early, id);
            }
        }
    }
    for (const auto& [id, unused] : expected_) {
        if (seen.count(id) == 0) {
            note(verdict.missing, id);
        }
    }
    for (const std::string& id : out_of_order(delivered)) {
        note(verdict.out_of_order, id);
    }
    return verdict;
}

std::vector<std::string> Account::out_of_order(const std::vector<TestRecord>& delivered) const {
    // Order is promised for each source partition towards the same target partition.
    std::vector<const TestRecord*> by_offset;
    for (const TestRecord& record : delivered) {
        by_offset.push_back(&record);
    }
    // Not stable_sort: Clang warns of what GCC 12's library does in it.
    std::sort(by_offset.begin(), by_offset.end(), [](const TestRecord* a, const TestRecord* b) {
        return a->offset != b->offset ? a->offset < b->offset : a < b;
    });
    std::map<std::pair<std::int32_t, std::int32_t>, std::size_t> newest;
    std::set<std::string> seen;
    std::vector<std::string> late;
    for (const TestRecord* record : by_offset) {
        const auto found = expected_.find(record->id());
        if (found == expected_.end() || !seen.insert(record->id()).second) {
            continue;
        }
        std::size_t& position = newest[{found->second.partition, record->partition}];
        if (found->second.position < position) {
            late.push_back(record->id());
        }
        position = std::max(position, found->second.position);
    }
    return late;
}

}  // namespace laterd::support

#include "simulation/model/log.h"

namespace laterd::model {

Offset Log::append(std::uint64_t id, std::uint32_t bytes) {
    const Offset offset = high();
    entries_.push_back({.offset = offset, .id = id, .bytes = bytes});
    return offset;
}

Offset Log::append_control() {
    const Offset offset = high();
    entries_.push_back({.offset = offset, .control = true});
    return offset;
}

bool Log::delete_before(Offset before) {
    if (before > high()) {
        return false;
    }
    if (before > low_) {
        gone_ += static_cast<std::size_t>(before - low_);
        low_ = before;
    }
    return true;
}

Log::Fetched Log::fetch(Offset from, std::size_t records_max, std::uint64_t bytes_max) const {
    Fetched fetched{.position = from};
    if (from < low_ || from > high()) {
        fetched.out_of_range = true;
        return fetched;
    }
    std::uint64_t bytes = 0;
    for (std::size_t i = place(from); i < entries_.size(); ++i) {
        const Entry& entry = entries_[i];
        if (!entry.control) {
            const bool full = fetched.entries.size() >= records_max || bytes + entry.bytes > bytes_max;
            if (full && !fetched.entries.empty()) {
                return fetched;
            }
            bytes += entry.bytes;
            fetched.entries.push_back(entry);
        }
        fetched.position = entry.offset + 1;
    }
    fetched.at_end = true;
    return fetched;
}

}  // namespace laterd::model

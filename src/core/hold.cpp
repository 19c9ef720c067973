#include "core/hold.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace laterd::core {

namespace {

// For the standard's heaps, whose front is the largest.
bool goes_later(const RecordPtr& a, const RecordPtr& b) noexcept {
    return a->due != b->due ? a->due > b->due : a->offset > b->offset;
}

}  // namespace

void Hold::admit(RecordPtr record, Place place) {
    assert(place != Place::line || line_.empty() || line_.back()->offset < record->offset);
    bytes_ += record->bytes;
    switch (place) {
        case Place::copies:
            copies_.push_back(std::move(record));
            return;
        case Place::line:
            line_.push_back(std::move(record));
            return;
        case Place::heap:
            heap_.push_back(std::move(record));
            std::push_heap(heap_.begin(), heap_.end(), goes_later);
            return;
    }
}

void Hold::put_back(RecordPtr record, Place place) {
    if (place == Place::heap) {
        admit(std::move(record), place);
        return;
    }
    bytes_ += record->bytes;
    if (place == Place::copies) {
        copies_.push_front(std::move(record));
        return;
    }
    const auto at = std::find_if(line_.begin(), line_.end(),
                                 [&](const RecordPtr& held) { return held->offset > record->offset; });
    line_.insert(at, std::move(record));
}

Hold::Place Hold::next_place() const noexcept {
    if (!copies_.empty()) {
        return Place::copies;
    }
    if (line_.empty()) {
        return Place::heap;
    }
    return heap_.empty() || key(*line_.front()) <= heap_.front()->due ? Place::line : Place::heap;
}

const Record* Hold::next() const noexcept {
    if (size() == 0) {
        return nullptr;
    }
    switch (next_place()) {
        case Place::copies:
            return copies_.front().get();
        case Place::line:
            return line_.front().get();
        case Place::heap:
            break;
    }
    return heap_.front().get();
}

WallTime Hold::next_at() const noexcept {
    return copies_.empty() ? key(*next()) : WallTime::min();
}

RecordPtr Hold::take() {
    assert(size() > 0);
    RecordPtr record;
    switch (next_place()) {
        case Place::copies:
            record = std::move(copies_.front());
            copies_.pop_front();
            break;
        case Place::line:
            record = std::move(line_.front());
            line_.pop_front();
            break;
        case Place::heap:
            std::pop_heap(heap_.begin(), heap_.end(), goes_later);
            record = std::move(heap_.back());
            heap_.pop_back();
            break;
    }
    bytes_ -= record->bytes;
    return record;
}

void Hold::clear() noexcept {
    copies_.clear();
    line_.clear();
    heap_.clear();
    bytes_ = 0;
}

}  // namespace laterd::core

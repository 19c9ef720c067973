#include "core/hold.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace laterd::core {

void Hold::admit(RecordPtr record) {
    assert(records_.empty() || records_.back()->offset < record->offset);
    bytes_ += record->bytes;
    records_.push_back(std::move(record));
}

void Hold::put_back(RecordPtr record) {
    bytes_ += record->bytes;
    auto place = std::find_if(records_.begin(), records_.end(),
                              [&](const RecordPtr& held) { return held->offset > record->offset; });
    records_.insert(place, std::move(record));
}

RecordPtr Hold::take() {
    assert(!records_.empty());
    RecordPtr record = std::move(records_.front());
    records_.pop_front();
    bytes_ -= record->bytes;
    return record;
}

void Hold::clear() noexcept {
    records_.clear();
    bytes_ = 0;
}

}  // namespace laterd::core

// Memory for records: one block for many, because they come and go in nearly the same order and malloc's bookkeeping of
// half a million small pieces costs more than copying them. Per thread; a record is freed by the thread that made it.
#pragma once

#include <cstddef>

namespace laterd::sink {

void* take_record_memory(std::size_t size);
void give_record_memory(void* memory) noexcept;

}  // namespace laterd::sink

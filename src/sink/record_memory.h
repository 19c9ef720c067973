// Memory for records. Where they come and go in nearly the same order, one block for many: malloc's bookkeeping of half a
// million small pieces costs more than copying them. Where they go in any order each has its own: one that waits would keep
// the memory of all in its block, far beyond what the limit counts. Per thread; a record is freed by the thread that made it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace laterd::sink {

enum class Memory : std::uint8_t { shared, own };

void* take_record_memory(std::size_t size, Memory memory);
void give_record_memory(void* memory) noexcept;

}  // namespace laterd::sink

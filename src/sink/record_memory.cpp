#include "sink/record_memory.h"

#include <cstdint>
#include <new>

namespace laterd::sink {

namespace {

// A block lives until its last record is gone, so a record that waits much longer than its neighbours keeps this much.
// Hence small: enough to make malloc rare, and less than a cold partition may keep.
constexpr std::size_t k_block_bytes = 8 << 10;

// Larger records get memory of their own; under the address sanitizer all of them, or it would not see their ends.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t k_shared_most = 0;
#else
constexpr std::size_t k_shared_most = k_block_bytes / 8;
#endif

struct Block {
    std::size_t used = sizeof(Block);
    std::size_t records = 0;
    bool open = false;  // more records may come
};

// In front of every record.
struct alignas(std::max_align_t) Front {
    Block* block;  // null: on its own
};

constexpr std::size_t round_up(std::size_t size) noexcept {
    constexpr std::size_t unit = alignof(std::max_align_t);
    return (size + unit - 1) / unit * unit;
}

class Blocks {
  public:
    Blocks() = default;
    Blocks(const Blocks&) = delete;
    Blocks& operator=(const Blocks&) = delete;
    ~Blocks() { close(); }

    void* take(std::size_t size) {
        if (current_ == nullptr || current_->used + size > k_block_bytes) {
            close();
            current_ =
                new (::operator new(k_block_bytes)) Block{.used = round_up(sizeof(Block)), .open = true};
        }
        char* at = reinterpret_cast<char*>(current_) + current_->used;
        current_->used += size;
        ++current_->records;
        return new (at) Front{current_} + 1;
    }

  private:
    void close() noexcept {
        if (current_ == nullptr) {
            return;
        }
        current_->open = false;
        if (current_->records == 0) {
            ::operator delete(current_);
        }
        current_ = nullptr;
    }

    Block* current_ = nullptr;
};

thread_local Blocks blocks;

}  // namespace

void* take_record_memory(std::size_t size, Memory memory) {
    const std::size_t whole = round_up(size + sizeof(Front));
    if (memory == Memory::own || whole > k_shared_most) {
        return new (::operator new(whole)) Front{nullptr} + 1;
    }
    return blocks.take(whole);
}

void give_record_memory(void* memory) noexcept {
    Front* front = static_cast<Front*>(memory) - 1;
    Block* block = front->block;
    if (block == nullptr) {
        ::operator delete(front);
        return;
    }
    if (--block->records > 0) {
        return;
    }
    if (block->open) {
        block->used = round_up(sizeof(Block));
    } else {
        ::operator delete(block);
    }
}

}  // namespace laterd::sink

#include "core/hold.h"

#include "support/catch.hpp"

using namespace laterd::core;

namespace {

RecordPtr record(Offset offset, std::uint32_t bytes = 100) {
    auto made = std::make_unique<Record>();
    made->offset = offset;
    made->bytes = bytes;
    return made;
}

}  // namespace

TEST_CASE("a hold gives its records back in the order of their offsets", "[hold]") {
    Hold hold;
    CHECK(hold.next() == nullptr);
    CHECK(hold.last() == nullptr);
    for (const Offset offset : {3, 4, 9}) {
        hold.admit(record(offset));
    }
    CHECK(hold.next()->offset == 3);
    CHECK(hold.last()->offset == 9);
    CHECK(hold.take()->offset == 3);
    CHECK(hold.take()->offset == 4);
    CHECK(hold.take()->offset == 9);
    CHECK(hold.size() == 0);
}

TEST_CASE("a record that is put back stands at its place again", "[hold]") {
    Hold hold;
    for (const Offset offset : {3, 4, 9}) {
        hold.admit(record(offset));
    }
    RecordPtr first = hold.take();
    RecordPtr second = hold.take();
    hold.put_back(std::move(second));  // answers come in any order
    hold.put_back(std::move(first));
    CHECK(hold.take()->offset == 3);
    CHECK(hold.take()->offset == 4);
    hold.put_back(record(12));
    CHECK(hold.take()->offset == 9);
    CHECK(hold.take()->offset == 12);
}

TEST_CASE("a hold knows what its records cost", "[hold]") {
    Hold hold;
    hold.admit(record(1, 10));
    hold.admit(record(2, 1'000));
    CHECK(hold.bytes() == 1'010);
    RecordPtr taken = hold.take();
    CHECK(hold.bytes() == 1'000);
    hold.put_back(std::move(taken));
    CHECK(hold.bytes() == 1'010);
    hold.clear();
    CHECK(hold.bytes() == 0);
    CHECK(hold.size() == 0);
}

// The headers of a record as it goes on: those of its producer, and on a copy laterd's own in place of any that it had.
#pragma once

#include <string_view>

#include "core/record.h"
#include "core/time.h"
#include "kafka/headers.h"
#include "sink/stored_record.h"

namespace laterd::sink {

// What the target gets: everything that a record from a source had; without laterd's own from the other topics.
kafka::Headers delivered_headers(const StoredRecord& record);

// What a copy gets, by the record's purpose and form. `laterd-error` is written by the whole form only. A record that
// goes round in the waiting topic keeps what its last retry copy said.
kafka::Headers copy_headers(const StoredRecord& record, std::string_view route);

// What a record that was read from the route's retry or waiting topic says about itself: due, attempts, first attempt,
// origin and the end of its lap. Its origin has to be the place where it was read, and stays that when the headers do not
// tell. `longest`: core::longest_delay of the route's backoff.
void read_marks(StoredRecord& record, core::Role role, core::Milliseconds longest) noexcept;

}  // namespace laterd::sink

// The words of the file for the values of the code, in both directions.
#pragma once

#include "config/routing_table.h"
#include "core/due_rule.h"
#include "core/start.h"

#include <array>
#include <cassert>
#include <string_view>
#include <utility>

namespace laterd::config {

template <typename E, std::size_t N>
using Words = std::array<std::pair<E, std::string_view>, N>;

inline constexpr Words<core::StartPolicy, 2> k_start_words{
    {{core::StartPolicy::earliest, "earliest"}, {core::StartPolicy::latest, "latest"}}};
inline constexpr Words<core::OutOfRange, 3> k_out_of_range_words{{{core::OutOfRange::stop, "stop"},
                                                                  {core::OutOfRange::earliest, "earliest"},
                                                                  {core::OutOfRange::latest, "latest"}}};
inline constexpr Words<core::DueFormat, 7> k_format_words{{{core::DueFormat::unix_s, "unix_s"},
                                                           {core::DueFormat::unix_ms, "unix_ms"},
                                                           {core::DueFormat::rfc3339, "rfc3339"},
                                                           {core::DueFormat::delay_ms, "delay_ms"},
                                                           {core::DueFormat::delay, "delay"},
                                                           {core::DueFormat::be_s, "be_s"},
                                                           {core::DueFormat::be_ms, "be_ms"}}};
inline constexpr Words<core::DueFallback::Kind, 3> k_fallback_words{
    {{core::DueFallback::Kind::dead_letter, "dead_letter"},
     {core::DueFallback::Kind::now, "now"},
     {core::DueFallback::Kind::stop, "stop"}}};
inline constexpr Words<Order, 2> k_order_words{{{Order::partition, "partition"}, {Order::due, "due"}}};
inline constexpr Words<TargetPartition, 2> k_partition_words{
    {{TargetPartition::key, "key"}, {TargetPartition::same, "same"}}};
inline constexpr Words<TargetTimestamp, 2> k_timestamp_words{
    {{TargetTimestamp::now, "now"}, {TargetTimestamp::original, "original"}}};
inline constexpr Words<Sequence, 3> k_sequence_words{
    {{Sequence::key, "key"}, {Sequence::partition, "partition"}, {Sequence::none, "none"}}};
inline constexpr Words<NotFound, 2> k_not_found_words{
    {{NotFound::retry, "retry"}, {NotFound::dead_letter, "dead_letter"}}};
// A list of names has no word.
inline constexpr Words<SentHeaders, 2> k_sent_headers_words{
    {{SentHeaders::all, "all"}, {SentHeaders::none, "none"}}};
inline constexpr Words<LogLevel, 5> k_level_words{{{LogLevel::trace, "trace"},
                                                   {LogLevel::debug, "debug"},
                                                   {LogLevel::info, "info"},
                                                   {LogLevel::warn, "warn"},
                                                   {LogLevel::error, "error"}}};
inline constexpr Words<LogFormat, 2> k_log_format_words{
    {{LogFormat::text, "text"}, {LogFormat::json, "json"}}};

// The word must be one of them; the reader has seen to it.
template <typename E, std::size_t N>
E from_word(const Words<E, N>& words, std::string_view word) {
    for (const auto& [value, name] : words) {
        if (name == word) {
            return value;
        }
    }
    assert(false);
    return words.front().first;
}

template <typename E, std::size_t N>
std::string_view word_of(const Words<E, N>& words, E wanted) {
    for (const auto& [value, name] : words) {
        if (value == wanted) {
            return name;
        }
    }
    assert(false);
    return words.front().second;
}

}  // namespace laterd::config

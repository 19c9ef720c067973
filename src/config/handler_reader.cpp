#include "config/handler_reader.h"

#include "config/quote.h"
#include "config/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace laterd::config {

namespace {

class HandlerReader {
  public:
    HandlerReader(const Section& route, Findings& findings)
        : route_(route), to_(route / "to"), section_(to_ / "handler"), findings_(findings) {}

    HandlerSink read() {
        HandlerSink handler;
        refuse_topic_keys();
        if (!section_.is_usable()) {
            return handler;
        }
        check_place();
        check_not_found();
        handler.socket = section_.text("socket").value_or("");
        handler.address = section_.text("address").value_or("");
        handler.path = section_.text("path").value_or(handler.path);
        handler.timeout = section_.duration("timeout").value_or(handler.timeout);
        handler.concurrency = static_cast<int>(section_.integer("concurrency").value_or(handler.concurrency));
        if (const auto word = section_.text("sequence")) {
            handler.sequence = from_word(k_sequence_words, *word);
        }
        if (const auto word = section_.text("not_found")) {
            handler.not_found = from_word(k_not_found_words, *word);
        }
        read_headers(handler);
        return handler;
    }

  private:
    void refuse_topic_keys() {
        if (to_.has("topic")) {
            findings_.error(to_.path() / "handler", "given together with topic; expected one of the two");
            return;
        }
        for (const std::string_view key : {"cluster", "partition", "timestamp", "properties"}) {
            if (to_.has(key)) {
                findings_.error(to_.path() / key, "belongs to a topic, and this is a handler; remove it");
            }
        }
    }

    void check_place() {
        const bool has_socket = section_.has("socket");
        if (has_socket && section_.has("address")) {
            findings_.error(section_.path() / "address",
                            "given together with socket; expected one of the two");
        } else if (!has_socket && !section_.has("address")) {
            findings_.error(section_.path(),
                            "names neither a socket nor an address; expected one of the two");
        }
    }

    void check_not_found() {
        if (section_.text("not_found") == "dead_letter" && !route_.has("dead_letter")) {
            findings_.error(section_.path() / "not_found",
                            "the route has no dead_letter; expected one, or retry here");
        }
    }

    void read_headers(HandlerSink& handler) {
        if (const auto word = section_.text("headers")) {
            handler.headers = from_word(k_sent_headers_words, *word);
            return;
        }
        handler.headers = SentHeaders::named;
        std::vector<std::string>& names = handler.header_names;
        for (const Section::Item& item : section_.items("headers")) {
            if (std::find(names.begin(), names.end(), item.text) != names.end()) {
                findings_.error((section_.path() / "headers")[item.index],
                                fmt::format("{} is listed twice; expected it once", quote(item.text)));
                continue;
            }
            names.push_back(item.text);
        }
    }

    const Section& route_;
    Section to_;
    Section section_;
    Findings& findings_;
};

}  // namespace

HandlerSink read_handler(const Section& route, Findings& findings) {
    return HandlerReader(route, findings).read();
}

}  // namespace laterd::config

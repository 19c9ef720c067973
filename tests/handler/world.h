// A handler sink in a loop of its own, towards a scripted server on a Unix socket or on 127.0.0.1.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/routing_table.h"
#include "core/pipeline.h"
#include "loop/poller.h"
#include "loop/wakeup.h"
#include "sink/handler_sink.h"
#include "sink/stored_record.h"
#include "support/http_server.h"
#include "support/record_maker.h"
#include "support/temp_folder.h"

namespace laterd::handler_test {

enum class Transport : std::uint8_t { unix_socket, loopback };

using Result = core::Outcome::Result;

const sink::StoredRecord& stored(const core::Outcome& outcome);
std::string error_of(const core::Outcome& outcome);  // empty when there is none

class World {
  public:
    explicit World(Transport transport);
    ~World();

    // What the sink is set up with when the first record is delivered.
    config::HandlerSink handler;
    std::uint32_t max_attempts = 5;
    core::HandlerTimes times;

    std::string socket() const;  // path; empty on loopback
    bool is_unix() const { return transport_ == Transport::unix_socket; }

    support::HttpServer& serve(support::HttpServer::Script script, bool reads_bodies = true);
    support::HttpServer& server() { return *server_; }
    void stop_server() { server_.reset(); }  // the same place again with the next serve
    // Instead of a server.
    support::FullQueue& fill_queue();
    void drop_queue() { queue_.reset(); }  // its socket stays, without a listener

    sink::HandlerSink& sink();
    void drop_sink() { sink_.reset(); }

    void deliver(const support::RecordText& text = {});

    // Runs the loop until `condition` holds; false when it does not within half a minute.
    bool until(const std::function<bool()>& condition);
    // Runs the loop until so many outcomes have come since the last call. `since`: when what they are of was delivered.
    std::vector<core::Outcome> outcomes(std::size_t count, std::optional<core::SteadyTime> since = {});
    // Delivers one record and waits for what comes of it.
    core::Outcome call(const support::RecordText& text = {});

    // The calls' outcomes came so long after they were delivered, at most.
    std::chrono::milliseconds last_wait() const { return last_wait_; }

  private:
    void turn(core::SteadyTime patience);

    const Transport transport_;
    support::TempFolder folder_{"handler"};
    loop::Poller poller_;
    loop::Wakeup server_event_;
    std::uint16_t port_ = 0;
    std::unique_ptr<support::HttpServer> server_;
    std::unique_ptr<support::FullQueue> queue_;
    std::unique_ptr<sink::HandlerSink> sink_;
    std::vector<core::Outcome> outcomes_;
    std::chrono::milliseconds last_wait_{0};
};

}  // namespace laterd::handler_test

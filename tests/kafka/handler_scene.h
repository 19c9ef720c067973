// A scene whose route calls a handler: a scripted server on a socket of the test's, and a book of every call that came.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "kafka/scene.h"
#include "support/http_server.h"
#include "support/temp_folder.h"

namespace laterd::kafka_test {

using support::answer;
using support::Header;
using support::HttpReply;
using support::HttpRequest;
using support::HttpServer;

// One request of laterd's, and when it came.
struct Call {
    HttpRequest request;
    std::string id;               // of the record, as TestRecord::id
    std::string idempotency_key;  // empty when there is none
    int attempt = 0;              // from 1; 0 when the header is none
    std::int64_t due_ms = 0;
    std::int64_t arrived_ms = 0;  // the test's wall clock
};

class HandlerScene : public Scene {
  public:
    // Also creates NAME.retry (one partition).
    HandlerScene(KafkaBroker& broker, const std::string& name, int partitions = 1);

    std::string retry() const { return group() + ".retry"; }
    std::string socket() const { return folder_.path() / "handler.sock"; }

    // The route "usual" without a delay: NAME.in to the handler, dead letters to NAME.dead. `handler` stands in the
    // handler's braces, `more` (lines indented by four) in the route, `settings` beside the routes.
    std::string calling(const std::string& handler, const std::string& more,
                        const std::string& settings = "") const;
    // What calling() takes as `more`: over NAME.retry.
    std::string retrying(int attempts, const std::string& backoff) const;

    // Produces a record with the given id to NAME.in; returns its offset once it is there.
    std::int64_t put(const std::string& id, std::int32_t partition = 0, const support::Bytes& key = {});

    // Listens with this script, called on the server's thread; in place of what listened before.
    using Script = std::function<HttpReply(const Call&)>;
    HttpServer& serve(Script script);
    HttpServer& server() { return *server_; }
    void stop_server() { server_.reset(); }

    // Since the scene began, whichever server took them, in the order of their coming.
    std::vector<Call> calls() const;
    std::vector<Call> calls(const std::string& id) const;
    std::size_t call_count() const;
    // Of different records.
    std::size_t called() const;
    bool await_calls(std::size_t count, std::chrono::milliseconds within = 20s) const;
    bool await_called(std::size_t count, std::chrono::milliseconds within = 20s) const;

    // Calls with a number that the same record was called with before.
    std::size_t repeated() const;
    // Calls before their due time, or sooner after the one before than `backoff` allows. It counts from the turn of the
    // daemon's loop that met the failure: a turn may have begun a moment before the handler failed.
    std::size_t early(std::chrono::milliseconds backoff = 0ms) const;

    // How many copies the retry topic and the dead-letter topic have taken.
    std::int64_t retry_copies() { return admin.log_end(retry(), 0); }
    std::int64_t dead_letters() { return admin.log_end(dead(), 0); }

  private:
    HttpReply take(const HttpRequest& request, const Script& script);

    support::TempFolder folder_{"handler"};
    mutable std::mutex mutex_;
    std::vector<Call> calls_;
    std::set<std::string> ids_;
    std::unique_ptr<HttpServer> server_;  // ends before what it writes to
};

// A daemon's counter, 0 while it says nothing: `counter(daemon, "laterd_duplicates_total", "revoked")`.
std::uint64_t counter(Daemon& daemon, const std::string& name, const std::string& label = "");
// What the daemon itself says may come twice.
std::uint64_t given_up(Daemon& daemon);
bool await_state(Daemon& daemon, const std::string& state, std::chrono::milliseconds within = 15s);

}  // namespace laterd::kafka_test

// Which lines of a worker are the same ones again, and are kept back and counted.
#include "runtime/notice_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/temp_folder.h"

using namespace laterd;
using namespace std::chrono_literals;
using core::Notice;

namespace {

// A worker's log whose lines go to a file.
class Worker {
  public:
    Worker() : file_(folder_.path() / "stderr"), saved_(::dup(STDERR_FILENO)) {
        route_.name = "orders";
        const int fd = ::open(file_.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
        REQUIRE(::dup2(fd, STDERR_FILENO) == STDERR_FILENO);
        ::close(fd);
    }
    ~Worker() {
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void pass(std::chrono::seconds time) { now_.steady += time; }
    void tell(const Notice& notice, std::int32_t partition = 0) {
        const kafka::TopicPartition place{.topic = "orders", .partition = partition};
        log_.tell(notice, &place, now_);
    }
    void step_clock() { log_.clock_stepped(500ms, now_); }

    std::size_t lines_with(const std::string& text) const {
        std::size_t count = 0;
        std::ifstream in(file_);
        for (std::string line; std::getline(in, line);) {
            count += line.find(text) != std::string::npos ? 1U : 0U;
        }
        return count;
    }

  private:
    support::TempFolder folder_{"notices"};
    std::string file_;
    int saved_;
    config::Route route_;
    runtime::NoticeLog log_{route_, 1};
    core::Now now_{.wall = {}, .steady = core::SteadyTime(1h)};
};

}  // namespace

TEST_CASE("what a partition loses again and again is told once a minute, each partition for itself",
          "[log]") {
    Worker worker;
    for (int second = 0; second < 60; ++second) {
        for (const std::int32_t partition : {0, 1}) {
            worker.tell({.kind = Notice::Kind::records_lost, .offset = second, .count = 5}, partition);
        }
        worker.pass(1s);
    }
    CHECK(worker.lines_with("event=\"records lost\"") == 2);
    worker.tell({.kind = Notice::Kind::records_lost, .offset = 60, .count = 5});
    CHECK(worker.lines_with("partition=0 offset=60 count=5 not_shown=59") == 1);
}

TEST_CASE("a partition that stops at the same record after each assignment says so once, at another again",
          "[log]") {
    Worker worker;
    const Notice stopped{
        .kind = Notice::Kind::partition_stopped, .offset = 7, .reason = core::Reason::due_missing};
    worker.tell(stopped);
    worker.tell(stopped);
    CHECK(worker.lines_with("partition stopped") == 1);
    Notice further = stopped;
    further.offset = 8;
    worker.tell(further);
    worker.tell(stopped, 1);
    CHECK(worker.lines_with("partition stopped") == 3);
}

TEST_CASE("a wall clock that flaps is told once a minute", "[log]") {
    Worker worker;
    for (int i = 0; i < 100; ++i) {
        worker.step_clock();
    }
    CHECK(worker.lines_with("wall clock stepped") == 1);
    worker.pass(60s);
    worker.step_clock();
    CHECK(worker.lines_with("not_shown=99") == 1);
}

TEST_CASE("what is seldom is told each time", "[log]") {
    Worker worker;
    worker.tell({.kind = Notice::Kind::suspended});
    worker.tell({.kind = Notice::Kind::suspended});
    CHECK(worker.lines_with("worker suspended") == 2);
}

// The exact text of log lines, and what happens to them on their way to stderr.
#include "log/log.h"

#include "loop/fd.h"
#include "support/catch.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <thread>

using namespace laterd;
using log::Format;
using log::Level;

namespace {

constexpr std::int64_t k_time = 1'700'000'000'123;

std::string text(std::string_view event, log::Fields fields = {}) {
    const std::string line =
        log::format_line(Format::text, Level::info, k_time, event, std::span(fields.begin(), fields.size()));
    const std::string prefix = "time=2023-11-14T22:13:20.123Z level=info event=";
    REQUIRE(line.substr(0, prefix.size()) == prefix);
    return line.substr(prefix.size());
}

std::string json(std::string_view event, log::Fields fields = {}) {
    return log::format_line(Format::json, Level::warn, k_time, event,
                            std::span(fields.begin(), fields.size()));
}

// Puts a pipe in the place of stderr while it lives.
class StderrPipe {
  public:
    StderrPipe() : saved_(dup(STDERR_FILENO)) {
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        read_end_ = loop::Fd(ends[0]);
        const loop::Fd write_end(ends[1]);
        dup2(write_end.get(), STDERR_FILENO);
    }
    ~StderrPipe() { restore(); }
    StderrPipe(const StderrPipe&) = delete;
    StderrPipe& operator=(const StderrPipe&) = delete;

    void restore() {
        if (saved_.is_open()) {
            dup2(saved_.get(), STDERR_FILENO);
            saved_.close();
        }
    }

    // Everything up to the end of the pipe, that is until nobody can write any more.
    std::string read_to_end() {
        std::string all;
        char part[4'096];
        ssize_t count = 0;
        while ((count = read(read_end_.get(), part, sizeof part)) > 0) {
            all.append(part, static_cast<std::size_t>(count));
        }
        return all;
    }

  private:
    loop::Fd saved_;
    loop::Fd read_end_;
};

}  // namespace

TEST_CASE("a text line is logfmt", "[log]") {
    CHECK(text("started") == "started");
    CHECK(text("partition stopped",
               {{"route", "orders-15m"}, {"partition", 3}, {"offset", std::int64_t{1'234}}}) ==
          R"("partition stopped" route=orders-15m partition=3 offset=1234)");
    CHECK(text("x", {{"ratio", 0.25}, {"yes", true}, {"no", false}, {"below", -1}}) ==
          "x ratio=0.25 yes=true no=false below=-1");
}

TEST_CASE("each level has its word", "[log]") {
    CHECK(log::format_line(Format::text, Level::trace, 0, "x", {}) ==
          "time=1970-01-01T00:00:00.000Z level=trace event=x");
    CHECK(log::format_line(Format::text, Level::debug, 0, "x", {}) ==
          "time=1970-01-01T00:00:00.000Z level=debug event=x");
    CHECK(log::format_line(Format::text, Level::warn, 0, "x", {}) ==
          "time=1970-01-01T00:00:00.000Z level=warn event=x");
    CHECK(log::format_line(Format::text, Level::error, 0, "x", {}) ==
          "time=1970-01-01T00:00:00.000Z level=error event=x");
}

TEST_CASE("a text value that is not plain is quoted and escaped", "[log]") {
    struct Row {
        std::string value;
        std::string expected;
    };
    const Row row = GENERATE(values<Row>({
        {"plain-1.2:3/4", "v=plain-1.2:3/4"},
        {"", R"(v="")"},
        {"two words", R"(v="two words")"},
        {"a=b", R"(v="a=b")"},
        {R"(say "hi")", R"(v="say \"hi\"")"},
        {R"(back\slash)", R"(v="back\\slash")"},
        {"line\nline\r\ttab", R"(v="line\nline\r\ttab")"},
        {"\x1b[31mred", R"(v="\u001b[31mred")"},
        {std::string("nul\0nul", 7), R"(v="nul\u0000nul")"},
        {"grün", "v=\"grün\""},
        {"bad \xff\xfe utf-8", "v=\"bad \xef\xbf\xbd\xef\xbf\xbd utf-8\""},
        {"cut \xc3", "v=\"cut \xef\xbf\xbd\""},
    }));
    CHECK(text("x", {{"v", row.value}}) == "x " + row.expected);
}

TEST_CASE("a JSON line has the same fields in the same order", "[log]") {
    CHECK(
        json("partition stopped", {{"route", "a \"b\""}, {"offset", 7}, {"ratio", 0.5}, {"yes", true}}) ==
        R"({"time":"2023-11-14T22:13:20.123Z","level":"warn","event":"partition stopped","route":"a \"b\"","offset":7,"ratio":0.5,"yes":true})");
    CHECK(json("x", {{"v", "bad \xff\nutf-8"}}) ==
          "{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"warn\",\"event\":\"x\",\"v\":\"bad "
          "\xef\xbf\xbd\\nutf-8\"}");
}

TEST_CASE("lines of enabled levels reach stderr in order, before stop returns", "[log]") {
    StderrPipe pipe;
    log::start(Level::info, Format::text);
    CHECK(log::is_enabled(Level::info));
    CHECK_FALSE(log::is_enabled(Level::debug));
    log::debug("not wanted");
    log::info("first");
    log::write_raw(R"({"raw":true})");
    log::warn("second", {{"n", 2}});
    log::stop();
    log::error("after the end");
    pipe.restore();
    const std::string all = pipe.read_to_end();
    CHECK(all.find("not wanted") == std::string::npos);
    const std::size_t first = all.find("event=first\n{\"raw\":true}\n");
    const std::size_t second = all.find("level=warn event=second n=2\n");
    const std::size_t third = all.find("level=error event=\"after the end\"\n");
    CHECK(first != std::string::npos);
    CHECK(second != std::string::npos);
    CHECK(third != std::string::npos);
    CHECK(first < second);
    CHECK(second < third);
}

TEST_CASE("a stderr that nobody reads costs old lines, not time", "[log]") {
    StderrPipe pipe;
    log::start(Level::info, Format::text);
    const std::uint64_t dropped_before = log::dropped();
    constexpr int k_lines = 10'000;
    const std::string filling(100, 'x');
    for (int i = 0; i < k_lines; ++i) {
        log::info("line", {{"n", i}, {"filling", filling}});  // far more than the pipe and the queue take
    }
    log::info("last");
    CHECK(log::dropped() > dropped_before);
    std::string all;
    std::thread reader([&] { all = pipe.read_to_end(); });
    log::stop();
    pipe.restore();
    reader.join();
    const std::uint64_t dropped = log::dropped() - dropped_before;
    const auto written = static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n'));
    CHECK(written + dropped == k_lines + 1);
    CHECK(all.find("event=last\n") != std::string::npos);
}

// What an event is in systemd's journal.
#include "log/journal.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/temp_folder.h"

using namespace laterd;
using log::Level;

namespace {

std::vector<std::string> fields(Level level, std::string_view event, log::Fields own = {}) {
    return log::journal_fields(level, event, std::span(own.begin(), own.size()));
}

}  // namespace

TEST_CASE("an event becomes a message for people and a field for each of its own", "[log]") {
    CHECK(
        fields(Level::error, "partition stopped",
               {{"route", "orders"}, {"offset", 17}, {"hint", "mend it"}, {"share", 0.5}, {"alone", true}}) ==
        std::vector<std::string>{
            "MESSAGE=partition stopped route=orders offset=17 hint=\"mend it\" share=0.5 alone=true",
            "PRIORITY=3", "SYSLOG_IDENTIFIER=laterd", "LATERD_EVENT=partition stopped", "LATERD_ROUTE=orders",
            "LATERD_OFFSET=17", "LATERD_HINT=mend it", "LATERD_SHARE=0.5", "LATERD_ALONE=true"});
}

TEST_CASE("levels are syslog's priorities", "[log]") {
    CHECK(fields(Level::trace, "x")[1] == "PRIORITY=7");
    CHECK(fields(Level::debug, "x")[1] == "PRIORITY=7");
    CHECK(fields(Level::info, "x")[1] == "PRIORITY=6");
    CHECK(fields(Level::warn, "x")[1] == "PRIORITY=4");
    CHECK(fields(Level::error, "x")[1] == "PRIORITY=3");
}

TEST_CASE("a line on the journal's stream begins with its priority", "[log]") {
    CHECK(log::journal_prefix(Level::error) == "<3>");
    CHECK(log::journal_prefix(Level::warn) == "<4>");
    // The test's own stderr is no journal.
    CHECK(log::stderr_prefix(Level::error).empty());
}

TEST_CASE("a value with newlines stays one field and does not break the message", "[log]") {
    const auto all = fields(Level::warn, "kafka client", {{"error", "one\nPRIORITY=0"}, {"a-b.c", 1}});
    CHECK(all[0] == "MESSAGE=kafka client error=\"one\\nPRIORITY=0\" a-b.c=1");
    CHECK(all[4] == "LATERD_ERROR=one\nPRIORITY=0");
    CHECK(all[5] == "LATERD_A_B_C=1");
}

TEST_CASE("the counters are a message as they are", "[log]") {
    CHECK(log::journal_fields("{\"event\":\"counters\"}") ==
          std::vector<std::string>{"MESSAGE={\"event\":\"counters\"}", "PRIORITY=6",
                                   "SYSLOG_IDENTIFIER=laterd"});
}

TEST_CASE("what goes through the queue comes out of it byte for byte", "[log]") {
    const std::vector<std::string> all{"A=1", std::string("B=\0\n\xff", 5), "", std::string(70'000, 'x')};
    const std::string packed = log::pack(all);
    const std::vector<std::string_view> unpacked = log::unpack(packed);
    REQUIRE(unpacked.size() == all.size());
    CHECK(std::equal(all.begin(), all.end(), unpacked.begin()));
    CHECK(log::unpack("").empty());
}

TEST_CASE("stderr is the journal when $JOURNAL_STREAM names its device and inode", "[log]") {
    const support::TempFolder folder("stream");
    const std::string file = folder.path() / "stream";
    const int fd = ::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    struct stat found{};
    REQUIRE(::fstat(fd, &found) == 0);
    const std::string right = std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino);
    const std::string other = std::to_string(found.st_dev) + ":" + std::to_string(found.st_ino + 1);
#ifdef LATERD_SYSTEMD
    CHECK(log::is_journal(fd, right.c_str()));
#else
    CHECK_FALSE(log::is_journal(fd, right.c_str()));
#endif
    CHECK_FALSE(log::is_journal(fd, other.c_str()));
    CHECK_FALSE(log::is_journal(fd, "nonsense"));
    CHECK_FALSE(log::is_journal(fd, nullptr));
    CHECK_FALSE(log::is_journal(-1, right.c_str()));
    ::close(fd);
}

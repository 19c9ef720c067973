#include "admin/pages.h"

#include "support/catch.hpp"
#include "unit/admin/state.h"

using namespace laterd;
using namespace std::chrono_literals;
using Catch::Contains;

TEST_CASE("a process is alive while every worker's loop turns", "[admin]") {
    tests::Process process;
    CHECK(admin::answer("GET", "/livez", process.state).status == 200);
    process.state.workers[1].last_turn = admin::k_stuck_after;
    process.state.workers[2].last_turn.reset();  // it is started again soon
    CHECK(admin::answer("GET", "/livez", process.state).status == 200);
    process.state.workers[1].last_turn = 12'500ms;
    const admin::Page page = admin::answer("GET", "/livez", process.state);
    CHECK(page.status == 503);
    CHECK(page.body == "route orders-15m worker 2: its loop has not turned for 12 s\n");
}

TEST_CASE("a process is ready while every route is in its group and none drains", "[admin]") {
    tests::Process process;
    CHECK(admin::answer("GET", "/readyz", process.state).status == 200);
    process.state.workers[2].has_joined = false;
    const admin::Page page = admin::answer("GET", "/readyz", process.state);
    CHECK(page.status == 503);
    CHECK(page.body == "route payments worker 1: not in its group yet\n");
    process.state.workers[2].has_joined = true;
    process.state.is_draining = true;
    CHECK(admin::answer("GET", "/readyz", process.state).body == "draining\n");
    CHECK(admin::answer("GET", "/livez", process.state).status == 200);
}

TEST_CASE("only what is there is answered, and only to those who ask", "[admin]") {
    const tests::Process process;
    CHECK(admin::answer("HEAD", "/metrics", process.state).status == 200);
    CHECK(admin::answer("GET", "/metrics", process.state).content_type ==
          "text/plain; version=0.0.4; charset=utf-8");
    CHECK(admin::answer("GET", "/status", process.state).content_type == "application/json");
    CHECK_THAT(admin::answer("GET", "/", process.state).body, Contains("<title>laterd</title>"));
    CHECK(admin::answer("GET", "/nothing", process.state).status == 404);
    CHECK(admin::answer("GET", "/metrics/", process.state).status == 404);
    const admin::Page page = admin::answer("POST", "/status", process.state);
    CHECK(page.status == 405);
    CHECK(page.allow == "GET, HEAD");
}

TEST_CASE("the page loads nothing from elsewhere", "[admin]") {
    const tests::Process process;
    const std::string page = admin::answer("GET", "/", process.state).body;
    CHECK_THAT(page, !Contains("http://") || Contains("http://www.w3.org/2000/svg"));
    for (const char* word : {"https://", "src=", "@import", "url("}) {
        INFO(word);
        CHECK(page.find(word) == std::string::npos);
    }
}

// What the admin endpoint answers. No I/O: the state goes in, the answer comes out.
#pragma once

#include <string>
#include <string_view>

#include "admin/state.h"

namespace laterd::admin {

struct Page {
    unsigned status = 200;
    std::string content_type;
    std::string body;
    std::string allow{};  // the methods there are, when this one is not
};

// GET and HEAD of:
//   /         the status page
//   /metrics  Prometheus text
//   /status   JSON
//   /livez    200 while every worker's loop turns, else 503 and which one does not
//   /readyz   200 while every route is in its group and none drains, else 503 and which one is not
Page answer(std::string_view method, std::string_view path, const ProcessState& state);

}  // namespace laterd::admin

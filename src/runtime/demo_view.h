// The demo's picture of what its routes are doing: a table that is drawn anew on a terminal, a block of lines elsewhere.
#pragma once

#include <chrono>
#include <vector>

#include "admin/state.h"

namespace laterd::runtime {

class DemoView {
  public:
    DemoView();
    void show(const std::vector<admin::WorkerState>& routes, std::chrono::nanoseconds since_start);
    void summarise(const std::vector<admin::WorkerState>& routes) const;

  private:
    bool terminal_;
    bool drawn_ = false;
    std::size_t lines_ = 0;
};

}  // namespace laterd::runtime

// What the service manager is told of a run: ready, how it stands, reloading, stopping, and that its workers live.
#pragma once

#include <optional>

#include "core/time.h"
#include "runtime/supervisor.h"
#include "service/notifier.h"
#include "service/standing.h"
#include "service/watchdog.h"

namespace laterd::runtime {

class ServiceLink {
  public:
    // `supervisor` outlives it.
    explicit ServiceLink(const Supervisor& supervisor);

    // The table is loaded and the workers are started. Their clusters may still be away: they are waited for as long
    // as it takes, and an outage of a broker must not look like a failed start.
    void started(const core::Now& now);

    // Between these two the table is changed, or not.
    void reloading(const core::Now& now);
    void reloaded(const core::Now& now, bool taken);

    // In every turn of the main loop; returns when to be called again. `end_by`: while it drains.
    core::SteadyTime serve(const core::Now& now, std::optional<core::SteadyTime> end_by);

  private:
    service::Standing standing() const;
    void tell(const core::Now& now, std::optional<core::SteadyTime> end_by);

    const Supervisor& supervisor_;
    service::Notifier notifier_;
    service::Watchdog watchdog_;
    core::SteadyTime tell_at_{};
    bool is_ending_ = false;
    bool reload_refused_ = false;
};

}  // namespace laterd::runtime

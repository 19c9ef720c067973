#include "simulation/handler.h"

namespace laterd::simulation {

using namespace std::chrono_literals;
using core::Reason;
using Result = core::Outcome::Result;

Handler::Answer Handler::call(const RecordSpec& record) {
    const HandlerScenario& scenario = scenario_.handler;
    if (is_down_) {
        return {.result = Result::not_attempted, .reason = Reason::handler_down};
    }
    if (!mended_ && random_.chance(scenario.busy_percent)) {
        return {.result = Result::not_attempted, .reason = Reason::handler_busy};
    }
    Answer answer;
    if (gone_) {
        answer = {.result = Result::not_attempted, .reason = Reason::handler_gone, .code = 410};
    } else if (moved_) {
        answer = {.result = scenario.not_found_rejects ? Result::rejected : Result::retry,
                  .reason = Reason::http,
                  .code = 404};
    } else if (record.unwanted && !(mended_ && scenario_.options.guard > 0)) {
        answer = {.result = Result::rejected, .reason = Reason::http, .code = 422};
    } else if (failing_ || (!mended_ && random_.chance(scenario.failing_percent))) {
        answer = failure();
    }
    answer.takes = random_.between(100us, scenario.takes_max);
    if (slow_ && random_.chance(60)) {
        answer.takes = random_.between(scenario.takes_max, 2 * scenario.timeout);
    }
    return answer;
}

Handler::Answer Handler::failure() {
    switch (random_.below(4)) {
        case 0:
            return {.result = Result::retry, .reason = Reason::closed};
        case 1:
            return {.result = Result::retry, .reason = Reason::garbage};
        default:
            break;
    }
    Answer answer{.result = Result::retry, .reason = Reason::http, .code = 503};
    if (random_.chance(scenario_.handler.retry_after_percent)) {
        const Nanoseconds asked = random_.between(0s, scenario_.handler.retry_after_max);
        answer.retry_after = std::chrono::floor<std::chrono::seconds>(asked);
    }
    return answer;
}

void Handler::goes_down() {
    is_down_ = true;
    ++life_;
}

void Handler::mend() noexcept {
    is_down_ = slow_ = failing_ = gone_ = moved_ = false;
    mended_ = true;
}

}  // namespace laterd::simulation

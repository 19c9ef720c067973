// What a reader is shown, and what pausing, resuming and assigning anew do to it. The simulation's client follows the
// same rules: what is shown is the log from the last position that was asked for.
#include "conformance/answer.h"
#include "conformance/operation.h"
#include "conformance/real_kafka.h"

namespace laterd::conformance {

namespace {

using testing::Reader;

constexpr int k_records = 20;

model::Log log_of(int records) {
    model::Log log;
    for (int i = 0; i < records; ++i) {
        log.append(static_cast<std::uint64_t>(i), 100);
    }
    return log;
}

// A reader of one partition with some records that begins at `from` and has read `first` of them.
struct One {
    std::string topic;
    std::unique_ptr<Reader> reader;
    core::Slot slot;

    One(RealKafka& kafka, core::Offset from, std::size_t first) : topic(kafka.topic()) {
        kafka.append(topic, k_records);
        reader = kafka.reader(topic);
        slot = reader->slot(topic, 0);
        reader->at_once = first;
        reader->assign(slot, from);
        if (first > 0) {
            reader->until_seen(slot, first);
        }
        reader->at_once = 1'000;
    }

    void pause() { (*reader)->pause(std::span(&slot, 1)); }
    void resume(core::Offset offset) {
        const core::ResumeEntry entry{.slot = slot, .offset = offset};
        (*reader)->resume(std::span(&entry, 1));
    }

    // What is shown from now on, up to the end.
    std::string rest() {
        Reader::Seen& seen = reader->seen(slot);
        seen = {};
        if (!reader->until([&] { return !seen.ends.empty() || !seen.errors.empty(); })) {
            return "nothing";
        }
        return seen.errors.empty() ? shown(reader->offsets(slot), seen.ends.front()) : k_out_of_range;
    }

    // For what shall not happen: nothing comes for a while.
    std::string silence() {
        reader->seen(slot) = {};
        reader->turn_for(std::chrono::milliseconds(700));
        return reader->seen(slot).records.empty() ? "nothing" : "something";
    }
};

Operation reading(const std::string& name, core::Offset from) {
    return {.name = name,
            .on_model = [=] { return shown(log_of(k_records), from); },
            .on_kafka =
                [=](RealKafka& kafka) {
                    const std::string topic = kafka.topic();
                    kafka.append(topic, k_records);
                    return kafka.read(topic, from);
                }};
}

Operation resuming(const std::string& name, core::Offset offset) {
    return {.name = name,
            .on_model = [=] { return shown(log_of(k_records), offset); },
            .on_kafka =
                [=](RealKafka& kafka) {
                    One one(kafka, 0, 5);
                    one.pause();
                    one.resume(offset);
                    return one.rest();
                }};
}

}  // namespace

std::vector<Operation> read_operations() {
    return {
        reading("reading begins at the start", 0),
        reading("reading begins in the middle", 13),
        reading("reading at the end shows nothing", k_records),
        reading("reading above the end is out of range", k_records + 1),
        {"reading below the start is out of range",
         [] {
             model::Log log = log_of(k_records);
             log.delete_before(6);
             return shown(log, 5);
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic();
             kafka.append(topic, k_records);
             kafka.admin().delete_records(topic, 0, 6);
             return kafka.read(topic, 5);
         }},
        {"reading begins at a start that moved",
         [] {
             model::Log log = log_of(k_records);
             log.delete_before(6);
             return shown(log, 6);
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic();
             kafka.append(topic, k_records);
             kafka.admin().delete_records(topic, 0, 6);
             return kafka.read(topic, 6);
         }},
        resuming("resuming goes back", 2),
        resuming("resuming goes on at the position", 5),
        resuming("resuming skips ahead", 17),
        resuming("resuming at the end waits there", k_records),
        {"a paused partition shows nothing", [] { return std::string("nothing"); },
         [](RealKafka& kafka) {
             One one(kafka, 0, 5);
             one.pause();
             return one.silence();
         }},
        {"a position out of range stays dead until it is assigned anew",
         [] { return "nothing, then " + shown(log_of(k_records), 4); },
         [](RealKafka& kafka) {
             One one(kafka, 999, 0);
             one.rest();
             one.resume(4);
             const std::string dead = one.silence();
             one.reader->assign(one.slot, 4);
             return dead + ", then " + one.rest();
         }},
        {"assigning anew goes on where it is told", [] { return shown(log_of(k_records), 11); },
         [](RealKafka& kafka) {
             One one(kafka, 0, 5);
             one.reader->assign(one.slot, 11);
             return one.rest();
         }},
        {"a pause ends with its assignment", [] { return shown(log_of(k_records), 3); },
         [](RealKafka& kafka) {
             One one(kafka, 0, 5);
             one.pause();
             (*one.reader)->unassign();
             one.reader->assign(one.slot, 3);
             return one.rest();
         }},
        {"an end is told again after more records",
         [] {
             model::Log log = log_of(k_records);
             log.append(99, 100);
             return shown(log, k_records);
         },
         [](RealKafka& kafka) {
             One one(kafka, k_records, 0);
             one.rest();
             kafka.append(one.topic, 1);
             return one.rest();
         }},
        {"a log that is cut above a paused position is out of range",
         [] {
             model::Log log = log_of(k_records);
             log.delete_before(15);
             return shown(log, 5);
         },
         [](RealKafka& kafka) {
             One one(kafka, 0, 5);
             one.pause();
             kafka.admin().delete_records(one.topic, 0, 15);
             one.resume(5);
             return one.rest();
         }},
    };
}

}  // namespace laterd::conformance

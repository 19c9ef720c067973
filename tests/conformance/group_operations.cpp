// Members, what they are dealt, and what they may commit.
#include <algorithm>

#include "conformance/answer.h"
#include "conformance/operation.h"
#include "conformance/real_kafka.h"

namespace laterd::conformance {

namespace {

using testing::fresh_group;
using testing::k_patience;
using testing::Reader;

// A group of the model with one stable member.
struct Alone {
    model::Group group;
    model::MemberId member;

    explicit Alone(std::size_t partitions = 1, const std::string& instance = "")
        : member(group.join(0, instance).member) {
        settle(partitions);
    }
    void settle(std::size_t partitions) {
        group.complete(partitions, 0);
        group.sync();
    }
    std::string commit(std::size_t partition, core::Offset offset, const std::string& metadata = "") {
        return committed(group.commit(member, group.generation(), partition, offset, metadata));
    }
};

std::string counts(std::vector<std::size_t> each) {
    std::sort(each.begin(), each.end());
    std::string text;
    for (const std::size_t count : each) {
        text += std::to_string(count) + " ";
    }
    return text;
}

std::size_t assigned(const Reader& reader) {
    return reader.control.assigned ? reader.control.assigned->size() : 0;
}

// Turns both until the group has settled with both of them.
bool share(Reader& old, Reader& fresh) {
    old.control.assigned.reset();
    const bool revoked = old.until([&] { return !old.control.revoked.empty(); });
    old->unassign();
    const bool dealt = old.until([&] {
        fresh.turn_for(std::chrono::milliseconds(10));
        return old.control.assigned && fresh.control.assigned;
    });
    return revoked && dealt;
}

}  // namespace

std::vector<Operation> group_operations() {
    return {
        {"nothing is committed at first", [] { return found(model::Group().committed(0)); },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic();
             return committed(*kafka.reader(topic), {topic, 0});
         }},
        {"a member's commit is taken, with its metadata",
         [] {
             Alone one;
             const std::string answer = one.commit(0, 7, "a note");
             return answer + ", " + found(one.group.committed(0));
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic();
             const auto one = kafka.member(topic, fresh_group());
             const std::string answer = commit(*one, {topic, 0}, 7, "a note");
             return answer + ", " + committed(*one, {topic, 0});
         }},
        {"a commit may go back",
         [] {
             Alone one;
             one.commit(0, 7);
             const std::string answer = one.commit(0, 3);
             return answer + ", " + found(one.group.committed(0));
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic();
             const auto one = kafka.member(topic, fresh_group());
             commit(*one, {topic, 0}, 7);
             const std::string answer = commit(*one, {topic, 0}, 3);
             return answer + ", " + committed(*one, {topic, 0});
         }},
        {"a commit may name a partition that its member does not own",
         [] {
             Alone one(1);
             const std::string answer = one.commit(5, 7);
             return answer + ", " + found(one.group.committed(5));
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic();
             const std::string other = kafka.topic();
             const auto one = kafka.member(topic, fresh_group());
             const std::string answer = commit(*one, {other, 0}, 7);
             return answer + ", " + committed(*one, {other, 0});
         }},
        {"what is committed stays when its member leaves",
         [] {
             Alone one;
             one.commit(0, 7);
             one.group.remove(one.member);
             return found(one.group.committed(0));
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic();
             const std::string group = fresh_group();
             auto one = kafka.member(topic, group);
             commit(*one, {topic, 0}, 7);
             (*one)->close(k_patience);
             return committed(*kafka.reader(topic, group), {topic, 0});
         }},
        {"who is no member may not commit while there are members",
         [] {
             Alone one;
             return committed(one.group.commit(one.member + 1, one.group.generation(), 0, 7, ""));
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic();
             const std::string group = fresh_group();
             const auto one = kafka.member(topic, group);
             return commit(*kafka.reader(topic, group), {topic, 0}, 7);
         }},
        {"a member alone is dealt everything",
         [] {
             Alone one(4);
             return counts({one.group.assignment(one.member).size()});
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic(4);
             return counts({assigned(*kafka.member(topic, fresh_group()))});
         }},
        {"two members share evenly",
         [] {
             Alone one(4);
             const model::MemberId two = one.group.join(0, "").member;
             one.group.join(one.member, "");
             one.settle(4);
             return counts({one.group.assignment(one.member).size(), one.group.assignment(two).size()});
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic(4);
             const std::string group = fresh_group();
             const auto one = kafka.member(topic, group);
             const auto two = kafka.reader(topic, group);
             (*two)->subscribe();
             if (!share(*one, *two)) {
                 return std::string("never settled");
             }
             return counts({assigned(*one), assigned(*two)});
         }},
        {"more members than partitions leave some with nothing",
         [] {
             Alone one(1);
             const model::MemberId two = one.group.join(0, "").member;
             one.group.join(one.member, "");
             one.settle(1);
             return counts({one.group.assignment(one.member).size(), one.group.assignment(two).size()});
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic(1);
             const std::string group = fresh_group();
             const auto one = kafka.member(topic, group);
             const auto two = kafka.reader(topic, group);
             (*two)->subscribe();
             if (!share(*one, *two)) {
                 return std::string("never settled");
             }
             return counts({assigned(*one), assigned(*two)});
         }},
        {"a member may commit while it is asked to give up",
         [] {
             Alone one;
             one.group.join(0, "");
             const std::string answer = one.commit(0, 7);
             return answer + ", " + found(one.group.committed(0));
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic();
             const std::string group = fresh_group();
             const auto one = kafka.member(topic, group);
             const auto two = kafka.reader(topic, group);
             (*two)->subscribe();
             if (!one->until([&] { return !one->control.revoked.empty(); }) || one->control.revoked[0]) {
                 return std::string("not asked");
             }
             // Sent, and the assignment given up at once.
             (*one)->commit(1, {{one->slot(topic, 0), 7, ""}});
             (*one)->unassign();
             one->until([&] { return !one->control.answers.empty(); });
             const std::string answer = committed(one->control.answers.at(0).second.at(0).result);
             return answer + ", " + committed(*one, {topic, 0});
         }},
        {"a leaving member's partitions go to the other",
         [] {
             Alone one(4);
             const model::MemberId two = one.group.join(0, "").member;
             one.group.join(one.member, "");
             one.settle(4);
             one.group.remove(two);
             one.group.join(one.member, "");
             one.settle(4);
             return counts({one.group.assignment(one.member).size()});
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic(4);
             const std::string group = fresh_group();
             const auto one = kafka.member(topic, group);
             const auto two = kafka.reader(topic, group);
             (*two)->subscribe();
             if (!share(*one, *two)) {
                 return std::string("never settled");
             }
             accept_assignment(*one);
             one->control.assigned.reset();
             one->control.revoked.clear();
             (*two)->close(k_patience);
             one->until([&] { return !one->control.revoked.empty(); });
             (*one)->unassign();
             one->until([&] { return one->control.assigned.has_value(); });
             return counts({assigned(*one)});
         }},
        {"a static member that comes back has its assignment at once, and fences the one before",
         [] {
             Alone one(4, "node");
             const auto joined = one.group.join(0, "node");
             return std::string(joined.at_once ? "at once" : "after a rebalance") +
                    (joined.fenced == one.member ? ", fenced, " : ", both live, ") +
                    counts({one.group.assignment(joined.member).size()});
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic(4);
             const std::string group = fresh_group();
             const auto one = kafka.member(topic, group, "node");
             const auto before = std::chrono::steady_clock::now();
             const auto two = kafka.member(topic, group, "node");
             // A rebalance would have waited for the other one, which nobody turns.
             const bool at_once = std::chrono::steady_clock::now() - before < std::chrono::seconds(3);
             const bool fenced = one->until([&] {
                 const auto& errors = one->control.errors;
                 return std::any_of(errors.begin(), errors.end(), [](const auto& error) {
                     return error.second && kafka::is_fenced(error.first);
                 });
             });
             return std::string(at_once ? "at once" : "after a rebalance") +
                    (fenced ? ", fenced, " : ", both live, ") + counts({assigned(*two)});
         }},
        {"a fenced member may not commit",
         [] {
             Alone one(1, "node");
             one.group.join(0, "node");
             return one.commit(0, 7);
         },
         [](RealKafka& kafka) {
             const std::string topic = kafka.topic();
             const std::string group = fresh_group();
             const auto one = kafka.member(topic, group, "node");
             const auto two = kafka.member(topic, group, "node");
             return commit(*one, {topic, 0}, 7);
         }},
    };
}

}  // namespace laterd::conformance

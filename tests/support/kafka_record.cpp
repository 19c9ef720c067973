#include "support/kafka_record.h"

namespace laterd::support {

std::string TestRecord::id() const {
    return value ? value->substr(0, value->find('|')) : std::string();
}

Bytes TestRecord::header(const std::string& name) const {
    for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
        if (header->name == name) {
            return header->value;
        }
    }
    return std::nullopt;
}

}  // namespace laterd::support

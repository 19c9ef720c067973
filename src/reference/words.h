// What the reference says about a key besides its default, in sentences.
#pragma once

#include "config/key.h"

#include <string>

namespace laterd::reference {

// The meaning, and the range of what a schema cannot bound: `How often … . From 10ms to 5m.`
std::string sentence_about(const config::Key& key);

}  // namespace laterd::reference

// The table of keys as the list of a manual page, in mdoc.
#pragma once

#include <string>

namespace laterd::reference {

// One item for each key of this version, in the order of the table.
std::string key_list();

}  // namespace laterd::reference

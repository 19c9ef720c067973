#include "runtime/core_file.h"

#include <sys/prctl.h>

namespace laterd::runtime {

void keep_secrets_in_process() noexcept {
    prctl(PR_SET_DUMPABLE, 0);
}

}  // namespace laterd::runtime

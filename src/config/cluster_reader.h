// Makes the clusters of a routing table from the document; reads the files of their secrets.
#pragma once

#include "config/environment.h"
#include "config/findings.h"
#include "config/routing_table.h"
#include "config/section.h"

#include <filesystem>
#include <vector>

namespace laterd::config {

struct SecretSource {
    std::filesystem::path folder;  // where relative names are
    SecretReader read;
};

std::vector<Cluster> read_clusters(const Section& root, const SecretSource& secrets, Findings& findings);

}  // namespace laterd::config

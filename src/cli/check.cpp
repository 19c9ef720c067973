#include "cli/check.h"

#include "cli/exit_code.h"
#include "config/print.h"
#include "log/log.h"

#include <ostream>
#include <utility>

namespace laterd::cli {

namespace {

void write(const std::string& file, const std::vector<config::Finding>& findings, std::ostream& err) {
    for (const config::Finding& finding : findings) {
        const bool is_error = finding.severity == config::Severity::error;
        err << log::stderr_prefix(is_error ? log::Level::error : log::Level::warn)
            << config::describe(file, finding) << '\n';
    }
    err.flush();
}

int exit_code_of(const std::vector<config::Finding>& findings) {
    return config::has_error(findings) ? k_exit_config : k_exit_done;
}

// A cluster that does not answer is no fault of the file: it alone gives 69.
int connect(const std::string& file, const config::Loaded& loaded, const Connect& ask, std::ostream& err) {
    const Connected connected = ask(*loaded.table);
    std::vector<config::Finding> findings;
    findings.reserve(connected.findings.size());
    for (const Connected::Finding& finding : connected.findings) {
        findings.push_back({.severity = finding.severity,
                            .place = loaded.places.of(finding.path),
                            .path = finding.path.str(),
                            .text = finding.text});
    }
    write(file, findings, err);
    const int code = exit_code_of(findings);
    return code == k_exit_done && connected.unreachable ? k_exit_unreachable : code;
}

}  // namespace

int check(const Invocation& invocation, const CheckTools& tools, std::ostream& out, std::ostream& err) {
    const config::Loaded loaded = config::load(invocation.config, tools.environment, tools.check_properties);
    write(invocation.config, loaded.findings, err);
    if (!loaded.table) {
        return exit_code_of(loaded.findings);
    }
    if (invocation.print) {
        out << config::print(*loaded.table) << std::flush;
    }
    return invocation.connect ? connect(invocation.config, loaded, tools.connect, err) : k_exit_done;
}

std::optional<config::RoutingTable> load_or_explain(const std::string& file, const CheckTools& tools,
                                                    std::ostream& err) {
    config::Loaded loaded = config::load(file, tools.environment, tools.check_properties);
    write(file, loaded.findings, err);
    return std::move(loaded.table);
}

}  // namespace laterd::cli

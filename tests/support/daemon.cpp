#include "support/daemon.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include "support/await.h"

namespace laterd::support {

namespace {

using namespace std::chrono_literals;

std::string binary() {
    const char* path = ::getenv("LATERD_BINARY");
    if (path == nullptr) {
        throw std::runtime_error("LATERD_BINARY does not say where the built laterd is");
    }
    return path;
}

constexpr const char* k_counters = "{\"event\":\"counters\"";

}  // namespace

Daemon::Daemon(Options options) : options_(std::move(options)), folder_("daemon") {
    std::ofstream(folder_.path() / "laterd.yaml") << options_.table;
    for (const auto& [name, text] : options_.files) {
        write_file(name, text);
    }
    start();
}

void Daemon::write_file(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = folder_.path() / name;
    std::filesystem::remove(file);
    std::ofstream(file) << text;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
}

Daemon::~Daemon() {
    if (std::uncaught_exceptions() > 0 || ::getenv("LATERD_TEST_VERBOSE") != nullptr) {
        std::cerr << "--- what laterd logged\n";
        for (const std::string& line : lines()) {
            std::cerr << line << '\n';
        }
    }
}

void Daemon::start() {
    process_.reset();
    output_ = folder_.path() / ("log-" + std::to_string(++starts_));
    process_ = std::make_unique<ChildProcess>(
        ChildProcess::Options{.arguments = {binary(), "run", "-c", (folder_.path() / "laterd.yaml").string()},
                              .environment = options_.environment,
                              .folder = folder_.path(),
                              .output = output_});
}

std::optional<int> Daemon::terminate(std::chrono::milliseconds within) {
    signal(SIGTERM);
    return wait(within);
}

void Daemon::kill() {
    process_->kill();
}

void Daemon::freeze() {
    signal(SIGSTOP);
}

void Daemon::thaw() {
    signal(SIGCONT);
}

void Daemon::signal(int number) {
    process_->signal(number);
}

bool Daemon::is_running() {
    return process_->is_running();
}

std::optional<int> Daemon::wait(std::chrono::milliseconds within) {
    return process_->wait(within);
}

std::vector<std::string> Daemon::lines() const {
    std::vector<std::string> all;
    std::ifstream file(output_);
    for (std::string line; std::getline(file, line);) {
        all.push_back(line);
    }
    return all;
}

std::size_t Daemon::count_lines(const std::string& text) const {
    const std::vector<std::string> all = lines();
    return static_cast<std::size_t>(std::count_if(all.begin(), all.end(), [&](const std::string& line) {
        return line.find(text) != std::string::npos;
    }));
}

bool Daemon::await_line(const std::string& text, std::chrono::milliseconds within) const {
    return eventually(within, [&] { return count_lines(text) > 0; });
}

nlohmann::json Daemon::counters() {
    // Before it has said anything it may not have got as far as minding signals, and SIGUSR1 would end it.
    if (!eventually(20s, [&] { return !lines().empty() || !is_running(); })) {
        return nullptr;
    }
    const std::size_t before = count_lines(k_counters);
    signal(SIGUSR1);
    if (!eventually(15s, [&] { return count_lines(k_counters) > before; })) {
        return nullptr;
    }
    return last_counters();
}

nlohmann::json Daemon::counters(const std::string& route) {
    const nlohmann::json all = counters();
    return all.is_null() || !all.at("routes").contains(route) ? nlohmann::json() : all.at("routes").at(route);
}

nlohmann::json Daemon::last_counters() const {
    const std::vector<std::string> all = lines();
    for (auto line = all.rbegin(); line != all.rend(); ++line) {
        const std::size_t begin = line->find(k_counters);
        if (begin != std::string::npos) {
            // No exceptions: a line may be half written at this moment.
            nlohmann::json parsed = nlohmann::json::parse(line->substr(begin), nullptr, false);
            if (!parsed.is_discarded()) {
                return parsed;
            }
        }
    }
    return nullptr;
}

std::int64_t Daemon::rss_kib() const {
    return status_kib("VmRSS:");
}

std::int64_t Daemon::peak_rss_kib() const {
    return status_kib("VmHWM:");
}

std::chrono::milliseconds Daemon::cpu() const {
    std::ifstream file("/proc/" + std::to_string(process_->pid()) + "/stat");
    std::string text;
    std::getline(file, text);
    // Fields 14 and 15, counted behind the name, which may hold anything.
    std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 2)));
    std::string skipped;
    for (int i = 0; i < 11; ++i) {
        fields >> skipped;
    }
    std::int64_t user = 0;
    std::int64_t system = 0;
    fields >> user >> system;
    return std::chrono::milliseconds((user + system) * 1000 / ::sysconf(_SC_CLK_TCK));
}

std::int64_t Daemon::status_kib(const std::string& name) const {
    std::ifstream file("/proc/" + std::to_string(process_->pid()) + "/status");
    for (std::string word; file >> word;) {
        if (word == name) {
            std::int64_t kib = 0;
            file >> kib;
            return kib;
        }
    }
    return 0;
}

}  // namespace laterd::support

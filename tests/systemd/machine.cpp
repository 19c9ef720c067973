#include "systemd/machine.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "support/await.h"

namespace laterd::systemd_test {

namespace {

using namespace std::chrono_literals;

constexpr auto k_boot_within = 60s;
constexpr auto k_end_within = 20s;

std::string variable(const char* name) {
    const char* value = ::getenv(name);
    if (value == nullptr) {
        throw std::runtime_error(std::string(name) + " is not set; run this by tests/systemd/run-booted");
    }
    return value;
}

std::string read_text(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

support::ChildProcess start_process(std::vector<std::string> arguments, const std::filesystem::path& output) {
    return support::ChildProcess({.arguments = std::move(arguments), .output = output});
}

// The libraries that the program wants and the machine has not: they are the host's, at the same place.
std::vector<std::string> missing_libraries(const std::string& program, const std::string& root,
                                           const std::filesystem::path& scratch) {
    const std::filesystem::path output = scratch / "ldd";
    if (start_process({"ldd", program}, output).wait(20s) != 0) {
        throw std::runtime_error("ldd " + program + " failed");
    }
    std::vector<std::string> all;
    std::istringstream lines(read_text(output));
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string name;
        std::string arrow;
        std::string path;
        if (words >> name >> arrow >> path && arrow == "=>" && path.starts_with('/') &&
            !std::filesystem::exists(root + path)) {
            all.push_back(path);
        }
    }
    return all;
}

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
        text.pop_back();
    }
    return text;
}

// "NSpid: 4711 12": the number here, and in the innermost namespace.
std::pair<pid_t, pid_t> numbers_of(const std::filesystem::path& process) {
    std::ifstream status(process / "status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("NSpid:")) {
            std::istringstream words(line.substr(6));
            pid_t here = 0;
            pid_t inside = 0;
            words >> here >> inside;
            return {here, inside};
        }
    }
    return {0, 0};
}

}  // namespace

Machine::Machine() : shared_(folder_.path() / "shared") {
    std::filesystem::create_directory(folder_.path() / "etc");
    std::filesystem::create_directory(shared_);
    ::chmod((folder_.path() / "etc").c_str(), 0755);
    ::chmod(shared_.c_str(), 0755);
    boot();
    if (!support::eventually(k_boot_within, [this] { return has_booted(); })) {
        throw std::runtime_error("the machine did not boot:\n" + read_text(folder_.path() / "console"));
    }
}

// systemd-nspawn that is killed leaves what it booted behind: the machine's first process goes first, and all with it.
Machine::~Machine() {
    if (const pid_t first = init(); first > 0) {
        ::kill(first, SIGKILL);
        container_->wait(k_end_within);
    }
}

void Machine::boot() {
    const std::string root = variable("LATERD_SYSTEMD_ROOT");
    const std::string program = variable("LATERD_BINARY");
    std::vector<std::string> arguments = {
        "systemd-nspawn", "--boot", "--directory=" + root,
        // Nothing of the root folder is changed: another run may use it, too.
        "--volatile=overlay", "--register=no", "--keep-unit", "--console=pipe",
        "--bind-ro=" + program + ":" + variable("LATERD_INSTALLED"),
        "--bind-ro=" + variable("LATERD_UNIT") + ":/etc/systemd/system/laterd.service",
        "--bind-ro=" + (folder_.path() / "etc").string() + ":/etc/laterd",
        "--bind=" + shared_.string() + ":/srv" + shared_.string()};
    for (const std::string& library : missing_libraries(program, root, folder_.path())) {
        arguments.push_back("--bind-ro=" + library);
    }
    container_ = std::make_unique<support::ChildProcess>(support::ChildProcess::Options{
        .arguments = std::move(arguments), .output = folder_.path() / "console"});
}

bool Machine::has_booted() const {
    if (init() == 0) {
        return false;
    }
    const std::string state = trimmed(run("systemctl is-system-running").text);
    return state == "running" || state == "degraded";
}

// systemd-nspawn's one child; 0 while there is none.
pid_t Machine::init() const {
    const std::string number = std::to_string(container_->pid());
    pid_t child = 0;
    std::ifstream("/proc/" + number + "/task/" + number + "/children") >> child;
    return child;
}

Machine::Said Machine::run(const std::string& line) const {
    const std::filesystem::path output = folder_.path() / "said";
    std::filesystem::remove(output);
    support::ChildProcess process = start_process(
        {"nsenter", "-t", std::to_string(init()), "-m", "-u", "-i", "-n", "-p", "-C", "sh", "-c", line},
        output);
    const int code = process.wait(60s).value_or(-1);
    return {.code = code, .text = read_text(output)};
}

void Machine::write_config(const std::string& name, const std::string& text, int mode) const {
    const std::filesystem::path file = folder_.path() / "etc" / name;
    std::filesystem::remove(file);
    std::ofstream(file) << text;
    ::chmod(file.c_str(), static_cast<mode_t>(mode));
}

void Machine::reset() {
    run("systemctl stop laterd; rm -rf /run/systemd/system/laterd.service.d; systemctl daemon-reload; "
        "systemctl reset-failed");
    journal_cursor_ = trimmed(run("journalctl --show-cursor -n 0 -q | sed -n 's/^-- cursor: //p'").text);
}

void Machine::edit(const std::string& text) const {
    const std::string folder = "/run/systemd/system/laterd.service.d";
    run("mkdir -p " + folder + "; cat >" + folder + "/test.conf <<'END'\n[Service]\n" + text +
        "\nEND\nsystemctl daemon-reload");
}

std::string Machine::show(const std::string& property) const {
    return trimmed(run("systemctl show laterd --value -p " + property).text);
}

bool Machine::await(const std::string& property, const std::string& value,
                    std::chrono::milliseconds within) const {
    return support::eventually(within, [&] { return show(property).find(value) != std::string::npos; });
}

std::string Machine::journal() const {
    run("journalctl --sync");
    return run("journalctl -u laterd -o json --no-pager --after-cursor='" + journal_cursor_ + "'").text;
}

bool Machine::await_journal(const std::string& text, std::chrono::milliseconds within) const {
    return support::eventually(within, [&] { return journal().find(text) != std::string::npos; });
}

pid_t Machine::host_pid() const {
    const pid_t inside = static_cast<pid_t>(std::stol("0" + show("MainPID")));
    const auto space = std::filesystem::read_symlink("/proc/" + std::to_string(init()) + "/ns/pid");
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        std::error_code gone;
        if (std::filesystem::read_symlink(entry.path() / "ns" / "pid", gone) == space && !gone) {
            if (const auto numbers = numbers_of(entry.path()); numbers.second == inside) {
                return numbers.first;
            }
        }
    }
    throw std::runtime_error("laterd's process is not to be found");
}

}  // namespace laterd::systemd_test

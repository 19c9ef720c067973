#include "support/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "support/await.h"

extern char** environ;

namespace laterd::support {

namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) {
        all.push_back(text.data());
    }
    all.push_back(nullptr);
    return all;
}

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& added) {
    std::vector<std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        bool replaced = false;
        for (const auto& [name, value] : added) {
            replaced = replaced || text.rfind(name + "=", 0) == 0;
        }
        if (!replaced) {
            all.push_back(text);
        }
    }
    for (const auto& [name, value] : added) {
        all.push_back(name + "=" + value);
    }
    return all;
}

// Between fork and exec: only calls that are safe there.
[[noreturn]] void become(pid_t parent, char* const* arguments, char* const* environment, const char* folder,
                         int output) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(127);
    }
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    if (folder != nullptr && ::chdir(folder) != 0) {
        ::_exit(127);
    }
    ::execvpe(arguments[0], arguments, environment);
    ::_exit(127);
}

}  // namespace

ChildProcess::ChildProcess(const Options& options) {
    std::vector<std::string> arguments = options.arguments;
    std::vector<std::string> environment = environment_with(options.environment);
    const std::vector<char*> argument_pointers = pointers(arguments);
    const std::vector<char*> environment_pointers = pointers(environment);
    const std::string folder = options.folder.string();
    const std::string output = options.output.empty() ? "/dev/null" : options.output.string();

    const int fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0) {
        throw std::system_error(errno, std::generic_category(), output);
    }
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
        become(parent, argument_pointers.data(), environment_pointers.data(),
               folder.empty() ? nullptr : folder.c_str(), fd);
    }
    const int error = errno;
    ::close(fd);
    if (pid_ < 0) {
        throw std::system_error(error, std::generic_category(), "fork");
    }
}

ChildProcess::~ChildProcess() {
    kill();
}

bool ChildProcess::is_running() {
    reap(WNOHANG);
    return !status_;
}

void ChildProcess::signal(int number) {
    if (is_running()) {
        ::kill(pid_, number);
    }
}

std::optional<int> ChildProcess::wait(std::chrono::milliseconds within) {
    eventually(within, [this] { return !is_running(); });
    return status_;
}

void ChildProcess::kill() {
    signal(SIGKILL);
    reap(0);
}

void ChildProcess::reap(int options) {
    int status = 0;
    if (!status_ && ::waitpid(pid_, &status, options) == pid_) {
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}

}  // namespace laterd::support

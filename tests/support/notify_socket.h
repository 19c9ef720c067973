// The service manager's end of sd_notify: a datagram socket whose name goes into $NOTIFY_SOCKET.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "support/temp_folder.h"

namespace laterd::support {

class NotifySocket {
  public:
    enum class Kind { path, abstract };

    explicit NotifySocket(Kind kind = Kind::path);
    ~NotifySocket();
    NotifySocket(const NotifySocket&) = delete;
    NotifySocket& operator=(const NotifySocket&) = delete;

    // For $NOTIFY_SOCKET: a path, or `@name`.
    const std::string& name() const { return name_; }

    // The next message; nothing when none came in time.
    std::optional<std::string> receive(std::chrono::milliseconds within);

    // The next message that holds `text`, others are passed over; nothing when none came in time.
    std::optional<std::string> await(const std::string& text, std::chrono::milliseconds within);

    // Forgets what has come already.
    void drop_all();

  private:
    TempFolder folder_;
    std::string name_;
    int fd_ = -1;
};

}  // namespace laterd::support

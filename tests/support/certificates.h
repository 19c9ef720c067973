// Certificates made by openssl for one test executable: a CA, and what it signed. All keys are without a password.
#pragma once

#include <filesystem>
#include <string>

#include "support/temp_folder.h"

namespace laterd::support {

class Certificates {
  public:
    // In this folder: ca.pem; other-ca.pem, which signed nothing; server, wrong-host (for another name), expired and
    // client, each as NAME.pem, NAME.key and NAME.store (both in one file, as Kafka takes them). Throws
    // std::runtime_error with openssl's last lines.
    Certificates();

    std::string file(const std::string& name) const { return (folder_.path() / name).string(); }

  private:
    void openssl(const std::string& arguments) const;
    void make_key(const std::string& name) const;
    void make_ca(const std::string& name) const;
    // `alt_names` as openssl writes them; the two instants as YYYYMMDDHHMMSSZ.
    void sign(const std::string& name, const std::string& alt_names, const std::string& from,
              const std::string& until) const;

    TempFolder folder_;
};

}  // namespace laterd::support

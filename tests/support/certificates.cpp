#include "support/certificates.h"

#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "support/child_process.h"

namespace laterd::support {

namespace {

using namespace std::chrono_literals;

constexpr const char* k_past = "20240101000000Z";
constexpr const char* k_past_end = "20240102000000Z";
constexpr const char* k_far_away = "20990101000000Z";

// `openssl ca` is the one command of OpenSSL 3.0 that takes both instants.
constexpr const char* k_ca_settings = R"([ca]
default_ca = usual
[usual]
database = index.txt
rand_serial = yes
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
)";

std::string content(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

}  // namespace

Certificates::Certificates() : folder_("certificates") {
    std::ofstream(file("ca.cnf")) << k_ca_settings;
    std::ofstream(file("index.txt")).flush();
    make_ca("ca");
    make_ca("other-ca");
    const std::string here = "DNS:localhost,IP:127.0.0.1";
    sign("server", here, k_past, k_far_away);
    sign("wrong-host", "DNS:elsewhere.example", k_past, k_far_away);
    sign("expired", here, k_past, k_past_end);
    sign("client", "DNS:client.example", k_past, k_far_away);
}

void Certificates::openssl(const std::string& arguments) const {
    std::vector<std::string> command{"openssl"};
    std::istringstream words(arguments);
    for (std::string word; words >> word;) {
        command.push_back(word);
    }
    const std::filesystem::path output = folder_.path() / "openssl.log";
    ChildProcess tool({.arguments = command, .folder = folder_.path(), .output = output});
    if (tool.wait(20s) != 0) {
        throw std::runtime_error("openssl " + arguments + " failed:\n" + content(output));
    }
}

void Certificates::make_key(const std::string& name) const {
    openssl("genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out " + name + ".key");
}

void Certificates::make_ca(const std::string& name) const {
    make_key(name);
    openssl("req -x509 -new -key " + name + ".key -subj /CN=" + name + " -days 30 -out " + name + ".pem");
}

void Certificates::sign(const std::string& name, const std::string& alt_names, const std::string& from,
                        const std::string& until) const {
    make_key(name);
    openssl("req -new -key " + name + ".key -subj /CN=" + name + " -addext subjectAltName=" + alt_names +
            " -out " + name + ".csr");
    openssl("ca -batch -notext -config ca.cnf -cert ca.pem -keyfile ca.key -in " + name + ".csr -startdate " +
            from + " -enddate " + until + " -out " + name + ".pem");
    std::ofstream(file(name + ".store")) << content(file(name + ".key")) << content(file(name + ".pem"));
}

}  // namespace laterd::support

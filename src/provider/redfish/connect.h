// From what a person names (a URL, a password, a certificate) to a Client, with the loop and the
// transport that it needs.
#pragma once

#include <memory>
#include <string>

#include "provider/redfish/client.h"

namespace freehold::provider::redfish {

struct Target {
  std::string url;  // https://10.0.0.7
  Credentials credentials{};
  std::string ca_pem{};  // empty: the system's authorities
  std::string
      certificate_sha256{};    // of the controller's own certificate; then no authority counts
  bool is_unverified = false;  // takes any certificate
  Duration timeout = seconds(limits::answer_s);
};

class Connection {
 public:
  // Errors: `invalid` for a URL that is not https, or a PEM that cannot be read. Connects later.
  static Result<std::unique_ptr<Connection>> open(Target target);
  Client& client() { return *client_; }
  Loop& loop() { return loop_; }

 private:
  Loop loop_;
  std::unique_ptr<http::Transport> transport_;
  std::unique_ptr<Client> client_;
};

}  // namespace freehold::provider::redfish

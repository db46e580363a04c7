// The data directory of a control plane: store, authority, certificates, kubeconfig. Made at first
// start with the rights that secrets need; read by `server`, `dev` and `audit`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "http/pki.h"

namespace freehold::cli {

struct DataDir {
  std::string path;
  std::string store() const { return path + "/store.db"; }
  std::string kubeconfig() const { return path + "/kubeconfig"; }
};

// Made when absent, for its owner only. `unavailable` when it cannot be.
Result<DataDir> open_data_dir(std::string path);
Result<std::string> read_file(const std::string& path);
// Whole or not at all, mode 0600.
Result<void> write_file(const std::string& path, std::string_view text);

struct ServerKeys {
  http::KeyPair authority;
  http::KeyPair server;  // for listening
  http::KeyPair caller;  // CN freehold:server, for calling agents
  http::KeyPair admin;   // group freehold:admins
};
// Made at first start, and anew when it nears its end or `hosts` are not in it.
Result<ServerKeys> open_keys(const DataDir& dir, const std::vector<std::string>& hosts, Time now);
// All but the authority, which stays while the server runs. True when one was made anew.
Result<bool> renew_keys(const DataDir& dir, const std::vector<std::string>& hosts, Time now,
                        ServerKeys& keys);
// How `subject` reaches the control plane that last served from this directory, with a certificate
// for as long as `life`. `not_found` before its first start.
Result<std::string> kubeconfig_for(const DataDir& dir, const http::Subject& subject, Duration life,
                                   Time now);
Result<void> write_kubeconfig(const DataDir& dir, const ServerKeys& keys, const std::string& url);

}  // namespace freehold::cli

// How an agent gets its credentials: a one-time token buys the first certificate, each certificate
// the next. Knows no sockets but through a Transport, and one file. Loop thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "agent/host.h"
#include "base/result.h"
#include "http/client.h"
#include "http/pki.h"
#include "runtime/runtime.h"

namespace freehold::agent {

struct Credentials {
  std::string ca_pem, certificate_pem, key_pem;
};
std::string print_credentials(const Credentials& credentials);
Result<Credentials> parse_credentials(std::string_view text);

// `fh1.<sha256 of the CA, hex>.<id>.<secret>`
struct JoinToken {
  std::string ca_sha256, text;
};
// Errors: `invalid`.
Result<JoinToken> parse_join_token(std::string_view text);

// The key with which a machine joins, and its request: that of the file, or a new one that is on
// disk before this returns. An answer that is lost, also with the agent, can so be asked for again
// with the same key. Errors: `unavailable`, `forbidden` of the disk.
Result<http::KeyPair> keep_request(const std::string& path);

struct JoinRequest {
  std::string token, node_name;
};
using CredentialsDone = std::function<void(Result<Credentials>)>;

// `request` is that of keep_request().
void join_control_plane(http::Transport& transport, const JoinRequest& join,
                        const http::KeyPair& request, CredentialsDone done);
void renew_credentials(http::Transport& transport, const Credentials& now, CredentialsDone done);
// Two thirds of its life are over.
bool is_renewal_due(const http::Validity& validity, Time now);

}  // namespace freehold::agent

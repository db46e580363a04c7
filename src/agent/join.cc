#include "agent/join.h"

#include <utility>

#include "agent/host_files.h"
#include "base/strings.h"
#include "client/remote.h"
#include "json/value.h"

namespace freehold::agent {
namespace {

constexpr Duration timeout = seconds(15);

http::Request post(std::string path, json::Object body) {
  http::Request request;
  request.method = "POST";
  request.path = std::move(path);
  request.headers["content-type"] = "application/json";
  request.body = http::bytes(json::print(std::move(body)));
  return request;
}

// The certificate that came, with the key that it is for.
Result<Credentials> read_answer(Result<http::Response> response, std::string key,
                                std::string ca_before) {
  if (!response.ok()) return std::move(response).error();
  if (response->status >= 400) return client::error_of(*response);
  const json::Value answer = TRY(json::parse(response->body ? *response->body : std::string()));
  Credentials out{std::string(answer.string_at({"ca"})),
                  std::string(answer.string_at({"certificate"})), std::move(key)};
  if (out.ca_pem.empty()) out.ca_pem = std::move(ca_before);
  if (out.certificate_pem.empty() || out.ca_pem.empty())
    return Error{Reason::internal, "the control plane answered without a certificate", {}};
  TRY(http::certificate_validity(out.certificate_pem));
  return out;
}

}  // namespace

std::string print_credentials(const Credentials& credentials) {
  json::Object out;
  out["ca"] = credentials.ca_pem;
  out["certificate"] = credentials.certificate_pem;
  out["key"] = credentials.key_pem;
  return json::print(out);
}

Result<Credentials> parse_credentials(std::string_view text) {
  const json::Value value = TRY(json::parse(text));
  Credentials out{std::string(value.string_at({"ca"})),
                  std::string(value.string_at({"certificate"})),
                  std::string(value.string_at({"key"}))};
  if (out.ca_pem.empty() || out.certificate_pem.empty() || out.key_pem.empty())
    return Error{Reason::internal, "the saved credentials are damaged", {}};
  return out;
}

Result<JoinToken> parse_join_token(std::string_view text) {
  text = trim(text);
  const auto parts = split(text, '.');
  const bool good = parts.size() == 4 && parts[0] == "fh1" && parts[1].size() == 64 &&
                    from_hex(parts[1]).has_value() && !parts[2].empty() && !parts[3].empty();
  if (!good) return Error{Reason::invalid, "this is no join token; `freehold token` makes one", {}};
  return JoinToken{to_lower(parts[1]), std::string(text)};
}

Result<http::KeyPair> keep_request(const std::string& path) {
  if (const auto saved = read_file(path); saved.ok())
    if (auto parsed = parse_credentials(*saved); parsed.ok())
      return http::KeyPair{std::move(parsed->certificate_pem), std::move(parsed->key_pem)};
  http::KeyPair request = TRY(http::make_request());
  TRY(write_atomic(path, print_credentials({"none", request.certificate_pem, request.key_pem})));
  return request;
}

void join_control_plane(http::Transport& transport, const JoinRequest& join,
                        const http::KeyPair& request, CredentialsDone done) {
  json::Object body;
  body["token"] = join.token;
  body["nodeName"] = join.node_name;
  body["csr"] = request.certificate_pem;
  transport.request(
      post("/join", std::move(body)), timeout,
      [key = request.key_pem, done = std::move(done)](Result<http::Response> response) {
        done(read_answer(std::move(response), key, ""));
      });
}

void renew_credentials(http::Transport& transport, const Credentials& now, CredentialsDone done) {
  auto request = http::make_request();
  if (!request.ok()) return;  // no entropy: the next try may have some
  json::Object body;
  body["csr"] = request->certificate_pem;
  transport.request(
      post("/renew", std::move(body)), timeout,
      [key = request->key_pem, ca = now.ca_pem, done = std::move(done)](
          Result<http::Response> response) { done(read_answer(std::move(response), key, ca)); });
}

bool is_renewal_due(const http::Validity& validity, Time now) {
  const Duration life = validity.until - validity.from;
  return now >= validity.from + life * 2 / 3;
}

}  // namespace freehold::agent

// Requests and responses as plain data, shared by the server, the client and the simulated network.
// No sockets here. Header names are stored in lower case.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace freehold::http {

using Bytes = std::shared_ptr<const std::string>;  // immutable, shared by all who send it
inline Bytes bytes(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

using Headers = std::map<std::string, std::string, std::less<>>;
// Decoded; a name may repeat.
using Query = std::vector<std::pair<std::string, std::string>>;

// Who is at the other end, as far as the connection itself proves it.
struct Peer {
  std::string address;                  // "127.0.0.1:40112"
  std::string certificate_common_name;  // verified against our CA; empty without one
  std::vector<std::string> certificate_organizations;
  Time certificate_until{};  // not set: there is none, or it has no end

  // A connection may outlive what was proved when it began.
  bool has_expired(Time now) const {
    return certificate_until.is_set() && now >= certificate_until;
  }
};

struct Request {
  std::string method = "GET";
  std::string path{};  // decoded; "/apis/freehold.dev/v1alpha1/nodes"; empty is "/"
  Query query{};
  Headers headers{};
  Bytes body{};  // null when there is none
  Peer peer{};   // filled by the server

  std::string_view header(std::string_view lower_case_name) const;
  std::optional<std::string_view> parameter(std::string_view name) const;  // first of that name
};

struct Response {
  int status = 200;
  Headers headers{};  // content-length and transfer-encoding are ours
  Bytes body{};
};

// Names and values are percent-encoded but for RFC 3986 unreserved characters: "a=1&b=%20".
std::string encode_query(const Query& query);
// "+" is a space, as in HTML forms. Errors: `bad_request`, as percent_decode.
Result<Query> decode_query(std::string_view text);
// For a path: as encode_query, but keeps "/" and the other characters that a path may hold.
std::string encode_path(std::string_view path);
// Errors: `bad_request` for a broken escape, for bytes that are not UTF-8, and for NUL.
Result<std::string> percent_decode(std::string_view text);

}  // namespace freehold::http

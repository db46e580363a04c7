// Addresses as people write them: "host:port", "[::1]:6443", URLs. Pure text; nothing is looked up.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace freehold::http {

struct HostPort {
  std::string host;  // without brackets; may be empty
  uint16_t port = 0;
};
// Errors: `invalid`.
Result<HostPort> parse_host_port(std::string_view text);
std::string print_host_port(const HostPort& address);
// Whether it stands for all addresses of a machine, and names none: no host, 0.0.0.0 or ::.
bool is_any_host(const std::string& host);

enum class Scheme : uint8_t { http, https };
struct Url {
  Scheme scheme = Scheme::https;
  HostPort address;       // port 443 or 80 when the text has none
  std::string authority;  // as a Host header carries it
};
// Scheme, host and port, and at most a "/" behind them. Errors: `invalid`.
Result<Url> parse_url(std::string_view text);

}  // namespace freehold::http

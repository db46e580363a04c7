#include "http/address.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace freehold::http {
namespace {

bool is_host(std::string_view host) {
  for (const char c : host) {
    const bool alphanumeric =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alphanumeric && std::string_view(".-_:").find(c) == std::string_view::npos) return false;
  }
  return host.size() <= 253;
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text) {
  const Error bad{Reason::invalid,
                  fmt::format("address \"{}\" must be host:port, such as 127.0.0.1:6443", text)};
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad;
  const auto port = parse_uint(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad;  // an IPv6 address without brackets: where it ends would be a guess
  }
  if (!port || *port > 65535 || !is_host(host)) return bad;
  return HostPort{std::string(host), static_cast<uint16_t>(*port)};
}

std::string print_host_port(const HostPort& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", address.host, address.port)
               : fmt::format("{}:{}", address.host, address.port);
}

bool is_any_host(const std::string& host) {
  if (host.empty()) return true;
  std::array<uint8_t, sizeof(in6_addr)> bytes{};
  return (inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
          inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) &&
         std::ranges::all_of(bytes, [](uint8_t byte) { return byte == 0; });
}

Result<Url> parse_url(std::string_view text) {
  const Error bad{Reason::invalid,
                  fmt::format("url \"{}\" must be https://host:port or http://host:port", text)};
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
    url.scheme = Scheme::http;
  } else {
    return bad;
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  url.authority = rest;
  const size_t colon = rest.rfind(':');
  const bool has_port = colon != std::string_view::npos && !rest.ends_with(']');
  std::string address(rest);
  if (!has_port) address += url.scheme == Scheme::https ? ":443" : ":80";
  auto parsed = parse_host_port(address);
  if (!parsed.ok() || parsed->host.empty() || parsed->port == 0) return bad;
  url.address = std::move(*parsed);
  return url;
}

}  // namespace freehold::http

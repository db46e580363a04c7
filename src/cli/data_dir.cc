#include "cli/data_dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "auth/auth.h"
#include "base/strings.h"
#include "cli/connect.h"
#include "json/value.h"
#include "json/yaml.h"

namespace freehold::cli {

namespace {

constexpr Duration authority_life = hours(24 * 3650);
constexpr Duration certificate_life = hours(24 * 365);

Error cannot(const std::string& what, const std::string& path) {
  return {Reason::unavailable, "cannot " + what + " " + path + ": " + std::strerror(errno)};
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

Result<http::KeyPair> load_pair(const std::string& base) {
  http::KeyPair pair;
  pair.certificate_pem = TRY(read_file(base + ".crt"));
  pair.key_pem = TRY(read_file(base + ".key"));
  return pair;
}

// Writes what differs alone: a disk that is full keeps nobody from starting with what is there.
Result<void> keep_file(const std::string& path, std::string_view text) {
  const auto before = read_file(path);
  return before && *before == text ? Result<void>() : write_file(path, text);
}

Result<void> save_pair(const std::string& base, const http::KeyPair& pair) {
  TRY(write_file(base + ".key", pair.key_pem));
  return write_file(base + ".crt", pair.certificate_pem);
}

// A certificate that lives for another quarter is kept.
template <class Make>
Result<http::KeyPair> pair_at(const std::string& base, Time now, Make make) {
  if (exists(base + ".crt") && exists(base + ".key")) {
    auto pair = TRY(load_pair(base));
    const auto validity = TRY(http::certificate_validity(pair.certificate_pem));
    if (now < validity.until - (validity.until - validity.from) / 4) return pair;
  }
  http::KeyPair pair = TRY(make());
  TRY(save_pair(base, pair));
  return pair;
}

}  // namespace

Result<DataDir> open_data_dir(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  for (size_t at = 1; at <= path.size(); ++at) {
    if (at != path.size() && path[at] != '/') continue;
    if (mkdir(path.substr(0, at).c_str(), 0700) != 0 && errno != EEXIST)
      return cannot("make directory", path.substr(0, at));
  }
  DataDir dir{path};
  if (mkdir((path + "/pki").c_str(), 0700) != 0 && errno != EEXIST)
    return cannot("make directory", path + "/pki");
  return dir;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{Reason::not_found, "cannot read " + path + ": " + std::strerror(errno)};
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

Result<void> write_file(const std::string& path, std::string_view text) {
  const std::string draft = path + ".new";
  const int fd = open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return cannot("write", draft);
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      close(fd);
      return cannot("write", draft);
    }
    text.remove_prefix(static_cast<size_t>(n));
  }
  const bool kept = fsync(fd) == 0;
  close(fd);
  if (!kept || rename(draft.c_str(), path.c_str()) != 0) return cannot("write", path);
  return {};
}

Result<ServerKeys> open_keys(const DataDir& dir, const std::vector<std::string>& hosts, Time now) {
  const std::string pki = dir.path + "/pki/";
  const Time from = now - hours(1);
  ServerKeys keys;
  keys.authority = TRY(pair_at(pki + "ca", now, [&] {
    return http::make_authority("freehold", {from, now + authority_life});
  }));
  TRY(renew_keys(dir, hosts, now, keys));
  return keys;
}

Result<bool> renew_keys(const DataDir& dir, const std::vector<std::string>& hosts, Time now,
                        ServerKeys& keys) {
  const std::string pki = dir.path + "/pki/";
  const Time from = now - hours(1);
  const ServerKeys old = keys;
  // The hosts that the certificate serves stand beside it; another list means another certificate.
  std::string list = join(hosts, "\n");
  const auto before = read_file(pki + "server.hosts");
  if (!before || *before != list) unlink((pki + "server.crt").c_str());
  keys.server = TRY(pair_at(pki + "server", now, [&] {
    return http::issue_server(keys.authority, hosts, {from, now + certificate_life});
  }));
  TRY(keep_file(pki + "server.hosts", list));
  keys.caller = TRY(pair_at(pki + "caller", now, [&] {
    return http::issue_client(keys.authority, {"freehold:server"}, {from, now + certificate_life});
  }));
  keys.admin = TRY(pair_at(pki + "admin", now, [&] {
    return http::issue_client(keys.authority, {"admin", {std::string(auth::admins)}},
                              {from, now + certificate_life});
  }));
  return keys.server.certificate_pem != old.server.certificate_pem ||
         keys.caller.certificate_pem != old.caller.certificate_pem ||
         keys.admin.certificate_pem != old.admin.certificate_pem;
}

namespace {

std::string kubeconfig_text(const std::string& authority_pem, const std::string& url,
                            const http::KeyPair& pair) {
  const auto named = [](std::string_view key, json::Object body) {
    json::Object entry;
    entry["name"] = "freehold";
    entry[key] = std::move(body);
    return json::Array{json::Value(std::move(entry))};
  };
  json::Object cluster, context, user, config;
  cluster["certificate-authority-data"] = base64_encode(authority_pem);
  cluster["server"] = url;
  context["cluster"] = "freehold";
  context["namespace"] = "default";
  context["user"] = "freehold";
  user["client-certificate-data"] = base64_encode(pair.certificate_pem);
  user["client-key-data"] = base64_encode(pair.key_pem);
  config["apiVersion"] = "v1";
  config["kind"] = "Config";
  config["clusters"] = named("cluster", std::move(cluster));
  config["contexts"] = named("context", std::move(context));
  config["users"] = named("user", std::move(user));
  config["current-context"] = "freehold";
  return json::print_yaml(config);
}

}  // namespace

Result<void> write_kubeconfig(const DataDir& dir, const ServerKeys& keys, const std::string& url) {
  return keep_file(dir.kubeconfig(),
                   kubeconfig_text(keys.authority.certificate_pem, url, keys.admin));
}

Result<std::string> kubeconfig_for(const DataDir& dir, const http::Subject& subject, Duration life,
                                   Time now) {
  const std::string text = TRY(read_file(dir.kubeconfig()));
  const std::string url = TRY(parse_kubeconfig(text, dir.path, "")).client.url;
  const http::KeyPair authority = TRY(load_pair(dir.path + "/pki/ca"));
  const http::KeyPair pair =
      TRY(http::issue_client(authority, subject, {now - hours(1), now + life}));
  return kubeconfig_text(authority.certificate_pem, url, pair);
}

}  // namespace freehold::cli

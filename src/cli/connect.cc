#include "cli/connect.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "api/registry.h"
#include "base/strings.h"
#include "cli/data_dir.h"
#include "json/yaml.h"

namespace freehold::cli {

namespace {

constexpr Duration answer_time = seconds(30);

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// The body of the entry `name` in one of the three lists.
const json::Value* entry(const json::Value& config, std::string_view list, std::string_view name,
                         std::string_view body) {
  const json::Value* all = config.at({list});
  if (all == nullptr || all->as_array() == nullptr) return nullptr;
  for (const json::Value& e : *all->as_array())
    if (e.string_at({"name"}) == name) return e.at({body});
  return nullptr;
}

// `key` names a file, `key-data` holds it as base64; the latter counts.
Result<std::string> material(const json::Value& body, std::string_view key,
                             const std::string& directory) {
  const std::string data_key = std::string(key) + "-data";
  if (const auto data = body.string_at({data_key}); !data.empty()) {
    auto decoded = base64_decode(data);
    if (!decoded) return Error{Reason::invalid, data_key + ": is no base64"};
    return std::move(*decoded);
  }
  const std::string file(body.string_at({key}));
  if (file.empty()) return std::string();
  return read_file(file.starts_with('/') ? file : directory + "/" + file);
}

Result<void> read_user(const json::Value& user, const std::string& directory,
                       http::ClientOptions& client) {
  for (const std::string_view key : {"exec", "auth-provider", "username"})
    if (user.at({key}) != nullptr)
      return Error{Reason::invalid, "users: \"" + std::string(key) +
                                        "\" is not supported; use a client certificate or a token"};
  client.certificate_pem = TRY(material(user, "client-certificate", directory));
  client.key_pem = TRY(material(user, "client-key", directory));
  client.bearer_token = user.string_at({"token"});
  if (const std::string file(user.string_at({"tokenFile"})); !file.empty()) {
    const auto text = TRY(read_file(file.starts_with('/') ? file : directory + "/" + file));
    client.bearer_token = trim(text);
  }
  return {};
}

std::string directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
}

}  // namespace

Result<Kubeconfig> parse_kubeconfig(std::string_view text, const std::string& directory,
                                    std::string_view context) {
  const json::Value config = TRY(json::parse_yaml_or_json(text));
  const std::string name(context.empty() ? config.string_at({"current-context"}) : context);
  if (name.empty())
    return Error{Reason::invalid, "the kubeconfig has no current-context; name one with --context"};
  const json::Value* chosen = entry(config, "contexts", name, "context");
  if (chosen == nullptr)
    return Error{Reason::invalid, "the kubeconfig has no context \"" + name + "\""};
  const std::string cluster_name(chosen->string_at({"cluster"}));
  const json::Value* cluster = entry(config, "clusters", cluster_name, "cluster");
  if (cluster == nullptr || cluster->string_at({"server"}).empty())
    return Error{Reason::invalid,
                 "the kubeconfig names no server for cluster \"" + cluster_name + "\""};
  if (const auto* skip = cluster->at({"insecure-skip-tls-verify"});
      skip && skip->as_bool() && *skip->as_bool())
    return Error{Reason::invalid,
                 "insecure-skip-tls-verify is not supported; give certificate-authority"};
  Kubeconfig out;
  out.client.url = cluster->string_at({"server"});
  while (out.client.url.ends_with('/')) out.client.url.pop_back();
  out.client.ca_pem = TRY(material(*cluster, "certificate-authority", directory));
  if (const auto* user = entry(config, "users", chosen->string_at({"user"}), "user"))
    TRY(read_user(*user, directory, out.client));
  if (const auto ns = chosen->string_at({"namespace"}); !ns.empty()) out.ns = ns;
  return out;
}

std::string default_data_dir() {
  if (const std::string named = environment("FREEHOLD_DATA_DIR"); !named.empty()) return named;
  const std::string home = environment("HOME");
  if (geteuid() == 0 || home.empty()) return "/var/lib/freehold";
  return home + "/.local/share/freehold";
}

std::string kubeconfig_path(const std::string& named) {
  if (!named.empty()) return named;
  for (const char* variable : {"FREEHOLD_KUBECONFIG", "KUBECONFIG"})
    if (const std::string path = environment(variable); !path.empty())
      return std::string(split(path, ':').front());
  return DataDir{default_data_dir()}.kubeconfig();
}

Result<std::unique_ptr<Session>> Session::open(const ClientOptions& options) {
  const std::string path = kubeconfig_path(options.kubeconfig);
  auto text = read_file(path);
  if (!text)
    return Error{Reason::unavailable,
                 text.error().message + "; name one with --kubeconfig, or start `freehold dev`"};
  auto config = parse_kubeconfig(*text, directory_of(path), options.context);
  if (!config) return std::move(config).error().within(path);
  auto session = std::make_unique<Session>();
  session->ns_ = options.ns.empty() ? config->ns : options.ns;
  session->url_ = config->client.url;
  session->transport_ = TRY(http::connect(session->loop_, std::move(config->client)));
  session->remote_ = std::make_unique<client::Remote>(*session->transport_, answer_time);
  return session;
}

client::Target Session::target(const api::Kind& kind, std::string name) const {
  return {&kind, kind.namespaced ? ns_ : std::string(), std::move(name)};
}

Result<api::Object> Session::get(const client::Target& target) {
  return await<api::Object>([&](auto done) { remote_->get(target, std::move(done)); });
}

Result<std::vector<api::Object>> Session::list(const client::Target& target,
                                               const client::ListOptions& options) {
  auto listed = TRY(
      await<client::Listed>([&](auto done) { remote_->list(target, options, std::move(done)); }));
  return std::move(listed.items);
}

Result<api::Object> Session::patch(const client::Target& target, const json::Value& patch) {
  return await<api::Object>(
      [&](auto done) { remote_->merge_patch(target, patch, std::move(done)); });
}

Result<void> Session::remove(const client::Target& target) {
  return await<void>([&](auto done) { remote_->remove(target, std::move(done)); });
}

Result<json::Value> Session::send(http::Request request) {
  request.headers.try_emplace("accept", "application/json");
  const auto response = TRY(
      await<http::Response>([&](auto done) { remote_->raw(std::move(request), std::move(done)); }));
  return json::parse(response.body ? std::string_view(*response.body) : "null");
}

Result<json::Value> Session::post(std::string path, const json::Value& body, http::Query query) {
  http::Request request;
  request.method = "POST";
  request.path = std::move(path);
  request.query = std::move(query);
  request.headers["content-type"] = "application/json";
  request.body = http::bytes(json::print(body));
  return send(std::move(request));
}

Result<const api::Kind*> find_kind(std::string_view name) {
  if (const api::Kind* kind = api::find_by_any_name(name)) return kind;
  std::string_view nearest;
  size_t distance = 3;
  for (const api::Kind* kind : api::kinds())
    for (const std::string_view known : {kind->singular, kind->plural})
      if (const size_t d = edit_distance(to_lower(name), known, 2); d < distance) {
        distance = d;
        nearest = known;
      }
  std::string message = "there is no kind \"" + std::string(name) + "\"";
  message += nearest.empty() ? "" : ", did you mean \"" + std::string(nearest) + "\"?";
  return Error{Reason::bad_request, std::move(message)};
}

Result<std::vector<Named>> parse_names(const std::vector<std::string>& arguments) {
  if (arguments.empty())
    return Error{Reason::bad_request, "name a kind, such as contracts or node/n1"};
  std::vector<Named> out;
  if (arguments.front().find('/') != std::string::npos) {
    for (const std::string& a : arguments) out.push_back(TRY(parse_name(a)));
    return out;
  }
  for (const std::string_view kind : split(arguments.front(), ','))
    out.push_back({TRY(find_kind(kind)), {}});
  if (arguments.size() == 1) return out;
  if (out.size() > 1)
    return Error{Reason::bad_request, "names follow one kind; write KIND/NAME for several"};
  const api::Kind* kind = out.front().kind;
  out.clear();
  for (size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i].find('/') != std::string::npos)
      return Error{Reason::bad_request, "write either KIND NAME or KIND/NAME, not both"};
    out.push_back({kind, arguments[i]});
  }
  return out;
}

Result<Named> parse_name(const std::string& argument, const api::Kind* kind) {
  const size_t slash = argument.find('/');
  if (slash == std::string::npos && kind != nullptr && !argument.empty())
    return Named{kind, argument};
  if (slash == std::string::npos || slash + 1 == argument.size())
    return Error{Reason::bad_request, "\"" + argument + "\" is no KIND/NAME"};
  const api::Kind* named = TRY(find_kind(argument.substr(0, slash)));
  if (kind != nullptr && named != kind)
    return Error{Reason::bad_request, "this takes a " + std::string(kind->singular) + ", not a " +
                                          std::string(named->singular)};
  return Named{named, argument.substr(slash + 1)};
}

std::string title(const api::Kind& kind, std::string_view name) {
  return std::string(kind.singular) + "/" + std::string(name);
}

}  // namespace freehold::cli

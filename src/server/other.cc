// What is no kind of ours: health, version, metrics, discovery, and what kubectl expects of any
// server.
#include <algorithm>

#include "base/check.h"
#include "base/strings.h"
#include "server/api_server.h"

namespace freehold::server {

namespace {

http::Response version_of(std::string_view version) {
  json::Object v;
  // Clients gate behaviour on these numbers: what is claimed is what this API follows.
  v["major"] = "1";
  v["minor"] = "33";
  v["gitVersion"] = "v1.33.0+freehold." + std::string(version);
  v["gitCommit"] = "";
  v["gitTreeState"] = "clean";
  v["buildDate"] = "";
  v["goVersion"] = "";
  v["compiler"] = "";
  v["platform"] = "linux/amd64";
  return respond_value(200, v);
}

void line(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out += "# HELP " + std::string(name) + " " + std::string(help) + "\n# TYPE " + std::string(name) +
         " " + std::string(type) + "\n";
}

void sample(std::string& out, std::string_view name, std::string_view labels, uint64_t value) {
  out += std::string(name) + (labels.empty() ? "" : "{" + std::string(labels) + "}") + " " +
         std::to_string(value) + "\n";
}

std::string metrics_text(const ledger::Ledger& ledger, store::Store& store,
                         const control::Shell* shell,
                         const std::map<std::string, uint64_t>& requests, size_t watchers,
                         uint64_t refusals) {
  std::string out;
  const store::Stats s = store.stats();
  const ledger::Stats& l = ledger.stats();
  line(out, "freehold_store_objects", "gauge", "Objects in the store.");
  sample(out, "freehold_store_objects", "", s.keys);
  line(out, "freehold_store_bytes", "gauge", "Bytes of the objects in the store.");
  sample(out, "freehold_store_bytes", "", s.bytes);
  line(out, "freehold_store_commits_total", "counter", "Durable commits.");
  sample(out, "freehold_store_commits_total", "", s.commits);
  line(out, "freehold_store_group_commits_total", "counter",
       "Disk writes; each carries one commit or more.");
  sample(out, "freehold_store_group_commits_total", "", s.group_commits);
  line(out, "freehold_store_waiting_commits", "gauge", "Commits on their way to the disk.");
  sample(out, "freehold_store_waiting_commits", "", s.waiting);
  line(out, "freehold_store_refused_total", "counter",
       "Times that the disk refused what waited for it.");
  sample(out, "freehold_store_refused_total", "", refusals);
  line(out, "freehold_store_revision", "gauge", "Revision of the last durable change.");
  sample(out, "freehold_store_revision", "", store.head());
  line(out, "freehold_ledger_leaves_total", "counter", "Leaves appended to the record.");
  sample(out, "freehold_ledger_leaves_total", "", l.leaves);
  line(out, "freehold_ledger_conflicts_total", "counter",
       "Commits refused for a revision or for capacity.");
  sample(out, "freehold_ledger_conflicts_total", "", l.conflicts);
  line(out, "freehold_ledger_refused_total", "counter", "Commits refused for other reasons.");
  sample(out, "freehold_ledger_refused_total", "", l.refused);
  line(out, "freehold_requests_total", "counter", "Requests for resources.");
  for (const auto& [key, count] : requests) {
    const auto parts = split(key, ' ');
    sample(out, "freehold_requests_total",
           "verb=\"" + std::string(parts[0]) + "\",resource=\"" + std::string(parts[1]) + "\"",
           count);
  }
  line(out, "freehold_watches", "gauge", "Watches that run.");
  sample(out, "freehold_watches", "", watchers);
  line(out, "freehold_bugs_total", "counter", "Survived bugs; anything but 0 is worth a report.");
  sample(out, "freehold_bugs_total", "", bugs_found());
  if (shell == nullptr) return out;
  line(out, "freehold_controller_plans_total", "counter", "Plans made.");
  for (const auto& c : shell->stats())
    sample(out, "freehold_controller_plans_total", "controller=\"" + c.name + "\"", c.plans);
  line(out, "freehold_controller_failures_total", "counter", "Commits of plans that did not land.");
  for (const auto& c : shell->stats())
    sample(out, "freehold_controller_failures_total", "controller=\"" + c.name + "\"", c.failures);
  line(out, "freehold_controller_waiting", "gauge", "Keys that wait for a plan or a commit.");
  for (const auto& c : shell->stats())
    sample(out, "freehold_controller_waiting", "controller=\"" + c.name + "\"", c.waiting);
  return out;
}

// kubectl cluster-info, its dump and k9s list these; there are none here. Only services are
// discovered: `kubectl get nodes` would else mean those of this list, not ours.
struct StandIn {
  std::string_view api_version, plural, list_kind;
};
constexpr StandIn stand_ins[] = {{"v1", "services", "ServiceList"},
                                 {"v1", "pods", "PodList"},
                                 {"v1", "nodes", "NodeList"},
                                 {"v1", "replicationcontrollers", "ReplicationControllerList"},
                                 {"apps/v1", "daemonsets", "DaemonSetList"},
                                 {"apps/v1", "deployments", "DeploymentList"},
                                 {"apps/v1", "replicasets", "ReplicaSetList"}};
// Where kubectl looks for the reason why it does not know a kind.
constexpr std::string_view definitions_path =
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

http::Response empty_list(std::string_view kind, std::string_view api_version, Form form) {
  json::Object metadata, list;
  metadata["resourceVersion"] = "0";
  list["kind"] = form == Form::table ? std::string_view("Table") : kind;
  list["apiVersion"] = form == Form::table ? "meta.k8s.io/v1" : api_version;
  list["metadata"] = std::move(metadata);
  if (form == Form::table) list["columnDefinitions"] = json::Array{};
  list[form == Form::table ? "rows" : "items"] = json::Array{};
  return respond_value(200, list);
}

}  // namespace

std::optional<http::Response> stand_in(const http::Request& request, Form form) {
  const bool reads = request.method == "GET";
  if (!reads && request.method != "POST") return std::nullopt;
  if (reads && request.path == definitions_path)
    return empty_list("CustomResourceDefinitionList", "apiextensions.k8s.io/v1", form);
  static constexpr std::string_view core = "/api/v1/", apps = "/apis/apps/v1/";
  const std::string_view path = request.path;
  const bool is_core = path.starts_with(core);
  if (!is_core && !path.starts_with(apps)) return std::nullopt;
  const std::string_view api_version = is_core ? "v1" : "apps/v1";
  const auto parts = split(path.substr(is_core ? core.size() : apps.size()), '/');
  const bool everywhere = parts.size() == 1;
  const bool within = parts.size() == 3 && parts[0] == "namespaces";
  if (!everywhere && !within) return std::nullopt;
  for (const StandIn& s : stand_ins) {
    if (s.api_version != api_version || parts.back() != s.plural) continue;
    if (!reads)
      return respond_error({Reason::method_not_allowed,
                            "no " + std::string(s.plural) +
                                " are kept here; kubectl api-resources --verbs=create lists what "
                                "is"});
    const auto watches = flag(request, "watch");
    if (!watches) return respond_error(watches.error());
    if (*watches)
      return respond_error({Reason::method_not_allowed,
                            "there are no " + std::string(s.plural) + " here to be watched"});
    return empty_list(s.list_kind, api_version, form);
  }
  return std::nullopt;
}

namespace {

struct HealthCheck {
  std::string_view name, trouble;  // no trouble: it is well
};

// As kube-apiserver answers: all checks or the one that the path names; each by name with ?verbose,
// or when one fails.
http::Response health(std::string_view endpoint, const http::Request& r,
                      std::vector<HealthCheck> checks) {
  const std::string_view path = r.path;
  if (path.size() > endpoint.size()) {
    const std::string_view name = path.substr(endpoint.size() + 1);
    std::erase_if(checks, [&](const HealthCheck& c) { return c.name != name; });
    if (checks.empty())
      return respond_error({Reason::not_found, "there is no check \"" + std::string(name) +
                                                   "\" at " + std::string(endpoint)});
  }
  const bool is_well = std::all_of(checks.begin(), checks.end(),
                                   [](const HealthCheck& c) { return c.trouble.empty(); });
  if (is_well && !r.parameter("verbose")) return respond_text(200, "ok");
  std::string text;
  for (const HealthCheck& c : checks) {
    text += (c.trouble.empty() ? "[+]" : "[-]") + std::string(c.name);
    text += c.trouble.empty() ? " ok\n" : " failed: " + std::string(c.trouble) + "\n";
  }
  text += std::string(endpoint.substr(1)) + " check " + (is_well ? "passed\n" : "failed\n");
  return respond_text(is_well ? 200 : 503, std::move(text));
}

bool is_at(std::string_view path, std::string_view endpoint) {
  return path == endpoint || (path.starts_with(endpoint) && path[endpoint.size()] == '/');
}

}  // namespace

bool ApiServer::other(const ExchangePtr& x) {
  const http::Request& r = x->request;
  const std::string& path = r.path;
  const auto answer = [&](http::Response response) {
    x->respond(std::move(response));
    return true;
  };
  const bool reads = r.method == "GET" || r.method == "HEAD";
  if (reads && path == "/version") return answer(version_of(options_.version));
  for (const std::string_view endpoint : {"/livez", "/healthz"})
    if (reads && is_at(path, endpoint)) return answer(health(endpoint, r, {{"ping", ""}}));
  if (reads && is_at(path, "/readyz")) {
    return answer(health("/readyz", r,
                         {{"ping", ""},
                          {"shutdown", draining_ ? "draining" : ""},
                          {"store", refusing_ ? "the disk refused the last write" : ""}}));
  }
  if (reads && path == "/metrics") {
    http::Response response = respond_text(
        200,
        metrics_text(ledger_, ledger_.store(), shell_, requests_, watchers_.size(), refusals_));
    response.headers["content-type"] = "text/plain; version=0.0.4; charset=utf-8";
    return answer(std::move(response));
  }
  if (reads && path == "/") {
    json::Object root;
    root["paths"] =
        json::Array{json::Value("/api"),     json::Value("/apis"),       json::Value("/livez"),
                    json::Value("/metrics"), json::Value("/openapi/v2"), json::Value("/openapi/v3"),
                    json::Value("/readyz"),  json::Value("/version")};
    return answer(respond_value(200, root));
  }
  if (auto response = discovery(r)) return answer(std::move(*response));
  if (auto response = openapi(r, options_.version)) return answer(std::move(*response));
  if (auto response = review(ledger_, x->user, r)) return answer(std::move(*response));
  if (join_requests(runtime_, ledger_, options_, x)) return true;
  if (change(x)) return true;
  if (auto form = negotiate(r.header("accept")); form)
    if (auto response = stand_in(r, *form)) return answer(std::move(*response));
  return false;
}

}  // namespace freehold::server

#include "auth/auth.h"

#include <algorithm>

#include "api/core.h"
#include "api/node.h"
#include "api/tenancy.h"
#include "api/workload.h"
#include "base/strings.h"

namespace freehold::auth {

namespace {

constexpr int deepest_tenant = 16;
constexpr std::string_view agent_finalizer = "freehold.dev/agent";

bool has(const std::vector<std::string>& list, std::string_view item) {
  return std::any_of(list.begin(), list.end(),
                     [&](const auto& x) { return x == "*" || x == item; });
}

bool is_health(std::string_view path) {
  return path.starts_with("/livez") || path.starts_with("/readyz") ||
         path.starts_with("/healthz") || path == "/version" || path == "/join";
}

// What every client needs to find its way about; says nothing about any object.
bool is_discovery(std::string_view path) {
  return path == "/" || path == "/api" || path == "/apis" || path.starts_with("/api/") ||
         path.starts_with("/apis/") || path.starts_with("/openapi/") || path == "/renew";
}

// What an agent needs. check_write and check_read hold it to its own objects. Logs are not part of
// it: they are read by people, through the control plane.
bool node_may(const Request& r, std::string_view node) {
  const bool own = r.name == node;
  if (!r.subresource.empty() && r.subresource != "status") return false;
  if (r.resource == "nodes") return own && r.verb != "create" && r.verb != "delete";
  if (r.resource == "hardwareprofiles") return r.verb == "get" || r.verb == "create";
  if (r.resource == "leases")
    return r.ns == node_lease_namespace && (r.verb == "create" || (own && r.verb != "delete"));
  if (r.resource != "instances") return false;
  if (r.verb == "list" || r.verb == "watch")
    return r.field_selector == "spec.node=" + std::string(node);
  return r.verb == "get" || r.verb == "update" || r.verb == "patch";
}

// Of a Node's spec its agent says where the machine stands, unless somebody has; all else is the
// operator's.
bool keeps_spec(const api::Node& before, const api::Node& after) {
  api::NodeSpec spec = after.spec;
  if (before.spec.site.empty()) spec.site.clear();
  return schema::print(spec) == schema::print(before.spec);
}

// Finalizers would keep a Node, and with it the certificate of its agent, for as long as the agent
// likes; labels and owners say where work goes and who takes it away. All of it is the operator's.
bool keeps_metadata(const api::Node& before, const api::Node& after) {
  api::ObjectMeta kept = before.metadata;
  kept.resource_version = after.metadata.resource_version;
  return schema::print(kept) == schema::print(after.metadata);
}

// Beside status an agent only lets go of what it held: its own finalizer.
bool only_lets_go(const api::Instance& before, const api::Instance& after) {
  api::Instance freed = before;
  std::erase(freed.metadata.finalizers, agent_finalizer);
  freed.metadata.resource_version = after.metadata.resource_version;
  freed.status = after.status;
  api::Instance kept = freed;
  kept.metadata.finalizers = before.metadata.finalizers;
  const std::string now = schema::print(after);
  return now == schema::print(freed) || now == schema::print(kept);
}

bool subject_matches(const api::Subject& s, const User& user) {
  switch (s.kind) {
    case api::SubjectKind::user:
      return s.name == user.name;
    case api::SubjectKind::user_group:
      return user.in(s.name);
    case api::SubjectKind::service_account:
      return user.name == "system:serviceaccount:" + s.ns + ":" + s.name;
  }
  return false;
}

bool is_within(const ledger::View& view, std::string tenant, std::string_view ancestor) {
  for (int depth = 0; depth < deepest_tenant && !tenant.empty(); ++depth) {
    if (tenant == ancestor) return true;
    const auto* t = view.get<api::Tenant>({}, tenant);
    tenant = t ? t->spec.parent : "";
  }
  return false;
}

// Namespaced requests only for bindings to a namespace or a tenant: neither reaches the fleet.
bool scope_covers(const ledger::Ledger& ledger, const api::BindingScope& scope,
                  std::string_view ns) {
  if (scope.fleet) return true;
  if (ns.empty()) return false;
  if (!scope.ns.empty()) return scope.ns == ns;
  return is_within(ledger.view(), ledger.tenant_of(ns), scope.tenant);
}

bool rule_covers(const api::RoleRule& rule, const Request& r) {
  const std::string resource =
      r.subresource.empty() ? r.resource : r.resource + "/" + r.subresource;
  const bool named = rule.names.empty() ||
                     std::find(rule.names.begin(), rule.names.end(), r.name) != rule.names.end();
  return has(rule.verbs, r.verb) && has(rule.groups, r.group) && has(rule.resources, resource) &&
         named;
}

template <class Visit>
void each_binding(const ledger::Ledger& ledger, const User& user, std::string_view ns,
                  Visit visit) {
  for (const api::RoleBinding* b : ledger.view().all<api::RoleBinding>()) {
    const auto& subjects = b->spec.subjects;
    if (std::none_of(subjects.begin(), subjects.end(),
                     [&](const auto& s) { return subject_matches(s, user); }))
      continue;
    if (!scope_covers(ledger, b->spec.scope, ns)) continue;
    if (const auto* role = ledger.view().get<api::Role>({}, b->spec.role);
        role && !visit(*b, *role))
      return;
  }
}

}  // namespace

bool User::in(std::string_view group) const {
  return std::find(groups.begin(), groups.end(), group) != groups.end();
}

Result<User> authenticate(const ledger::View& view, const http::Peer& peer, Time now) {
  if (peer.certificate_common_name.empty())
    return User{std::string(anonymous), {std::string(unauthenticated)}};
  if (peer.has_expired(now))
    return Error{Reason::unauthorized, "the certificate of \"" + peer.certificate_common_name +
                                           "\" ended at " + format_rfc3339(peer.certificate_until) +
                                           "; `freehold kubeconfig` makes another"};
  User user{peer.certificate_common_name, {}};
  std::string uid;
  for (const std::string& organization : peer.certificate_organizations)
    if (organization.starts_with(node_uid_prefix))
      uid = organization.substr(node_uid_prefix.size());
    else
      user.groups.push_back(organization);
  user.groups.emplace_back(authenticated);
  if (!user.name.starts_with(node_prefix)) return user;
  const std::string name = user.name.substr(node_prefix.size());
  const auto* node = view.get<api::Node>({}, name);
  // Deletion is expulsion, whoever else has yet to let go of the Node.
  if (node == nullptr || node->metadata.uid != uid || node->metadata.deletion_timestamp.is_set())
    return Error{
        Reason::unauthorized,
        "the node \"" + name + "\" that this certificate was made for is no longer there; " +
            "to join again, start its agent with a token of `freehold token --node " + name + "`"};
  return user;
}

http::Subject subject_of_node(std::string_view name, std::string_view uid) {
  return {std::string(node_prefix) + std::string(name),
          {std::string(nodes), std::string(node_uid_prefix) + std::string(uid)}};
}

Result<User> act_as(User user, const http::Request& request) {
  constexpr std::string_view prefix = "impersonate-";
  User other;
  const auto end = request.headers.end();
  for (auto it = request.headers.lower_bound(prefix); it != end && it->first.starts_with(prefix);
       ++it) {
    const std::string_view what = std::string_view(it->first).substr(prefix.size());
    if (what == "user")
      other.name = trim(it->second);
    else if (what == "group")
      for (const std::string_view group : split(it->second, ','))
        other.groups.emplace_back(trim(group));
    else
      return Error{Reason::bad_request, "header " + it->first + " is not honoured: users and " +
                                            "groups can be acted as (--as, --as-group)"};
  }
  if (other.name.empty() && other.groups.empty()) return user;
  if (!user.in(admins))
    return Error{Reason::forbidden, "User \"" + user.name +
                                        "\" cannot act as another: only group " +
                                        std::string(admins) + " may"};
  if (other.name.empty())
    return Error{Reason::bad_request, "impersonate-group needs impersonate-user: give --as too"};
  other.groups.emplace_back(other.name == anonymous ? unauthenticated : authenticated);
  other.by = std::move(user.name);
  return other;
}

std::string_view node_of(const User& user) {
  if (!user.in(nodes) || !user.name.starts_with(node_prefix)) return {};
  return std::string_view(user.name).substr(node_prefix.size());
}

Verdict authorize(const ledger::Ledger& ledger, const Request& r) {
  if (!r.path.empty()) {
    if (is_health(r.path)) return {true, "open to everybody"};
    if (r.user.name == anonymous) return {false, "a client certificate is needed"};
    if (is_discovery(r.path)) return {true, "discovery is open to everybody with a certificate"};
    if (r.user.in(admins)) return {true, "group " + std::string(admins)};
    return {false, "only group " + std::string(admins) + " may"};
  }
  if (r.user.in(admins)) return {true, "group " + std::string(admins)};
  if (const std::string_view node = node_of(r.user); !node.empty() && node_may(r, node))
    return {true, "the agent of node " + std::string(node)};
  Verdict verdict{false, "no RoleBinding gives it"};
  each_binding(ledger, r.user, r.ns, [&](const api::RoleBinding& b, const api::Role& role) {
    for (const api::RoleRule& rule : role.spec.rules) {
      if (!rule_covers(rule, r)) continue;
      verdict = {true, "role " + role.metadata.name + " by binding " + b.metadata.name};
      return false;
    }
    return true;
  });
  return verdict;
}

Error forbidden(const Request& r, const Verdict& verdict) {
  if (!r.path.empty())
    return {r.user.name == anonymous ? Reason::unauthorized : Reason::forbidden,
            "User \"" + r.user.name + "\" cannot " + r.verb + " path \"" + r.path +
                "\": " + verdict.reason};
  std::string what = r.resource + (r.group.empty() ? "" : "." + r.group);
  if (!r.name.empty()) what += " \"" + r.name + "\"";
  std::string message = what + " is forbidden: User \"" + r.user.name + "\" cannot " + r.verb +
                        " resource \"" + r.resource +
                        (r.subresource.empty() ? "" : "/" + r.subresource) + "\" in API group \"" +
                        r.group + "\"";
  message += r.ns.empty() ? " at the cluster scope" : " in the namespace \"" + r.ns + "\"";
  return {r.user.name == anonymous ? Reason::unauthorized : Reason::forbidden,
          message + ": " + verdict.reason};
}

Result<void> check_read(const User& user, const api::Object& object) {
  const std::string_view node = node_of(user);
  if (node.empty() || user.in(admins)) return {};
  if (const auto* i = object.as<api::Instance>(); i && i->spec.node != node)
    return Error{Reason::forbidden,
                 "instance \"" + i->metadata.name + "\" is not on node " + std::string(node)};
  return {};
}

Result<void> check_write(const User& user, const api::Object* before, const api::Object& after,
                         std::string_view subresource) {
  const std::string_view node = node_of(user);
  if (node.empty() || user.in(admins)) return {};
  const auto deny = [&](const std::string& what) {
    return Error{Reason::forbidden, "the agent of node " + std::string(node) + " may not " + what};
  };
  if (const auto* n = after.as<api::Node>()) {
    if (n->metadata.name != node) return deny("write node \"" + n->metadata.name + "\"");
    const auto* old = before ? before->as<api::Node>() : nullptr;
    if (old == nullptr) return deny("make a node");
    if (!keeps_spec(*old, *n))
      return deny("change the spec of its node, but for naming a site where there is none");
    if (!keeps_metadata(*old, *n))
      return deny("change the labels, annotations, finalizers or owners of its node");
  }
  if (after.as<api::Lease>() && after.meta().name != node)
    return deny("renew another node's lease");
  if (const auto* next = after.as<api::Instance>()) {
    const auto* old = before ? before->as<api::Instance>() : nullptr;
    if (old == nullptr || old->spec.node != node) return deny("write an instance of another node");
    if (subresource != "status" && !only_lets_go(*old, *next))
      return deny("change more of an instance than its status and its own finalizer");
  }
  return {};
}

std::vector<GrantedRule> rules_for(const ledger::Ledger& ledger, const User& user,
                                   std::string_view ns) {
  if (user.in(admins)) return {{{"*"}, {"*"}, {"*"}, {}}};
  std::vector<GrantedRule> rules;
  each_binding(ledger, user, ns, [&](const api::RoleBinding&, const api::Role& role) {
    for (const api::RoleRule& r : role.spec.rules)
      rules.push_back({r.verbs, r.groups, r.resources, r.names});
    return true;
  });
  return rules;
}

Result<void> check_escalation(const ledger::Ledger& ledger, const User& user,
                              const api::Object& object) {
  if (user.in(admins)) return {};
  std::vector<api::RoleRule> granted;
  std::string ns;
  bool fleet = true;
  if (const auto* role = object.as<api::Role>()) {
    granted = role->spec.rules;
  } else if (const auto* b = object.as<api::RoleBinding>()) {
    const auto* r = ledger.view().get<api::Role>({}, b->spec.role);
    // Whoever makes it later would decide what this gives.
    if (r == nullptr)
      return Error{Reason::forbidden, "rolebindings.freehold.dev \"" + b->metadata.name +
                                          "\" names role \"" + b->spec.role +
                                          "\", which does not exist; only an administrator may"};
    granted = r->spec.rules;
    ns = b->spec.scope.ns;
    fleet = b->spec.scope.fleet || ns.empty();
  }
  // A role can be bound anywhere, so its rules must be held everywhere.
  const auto held = rules_for(ledger, user, fleet ? std::string_view() : std::string_view(ns));
  const auto covered = [](const std::vector<std::string>& have,
                          const std::vector<std::string>& want) {
    return std::all_of(want.begin(), want.end(), [&](const auto& w) {
      return std::any_of(have.begin(), have.end(),
                         [&](const auto& h) { return h == "*" || h == w; });
    });
  };
  for (const api::RoleRule& want : granted) {
    const bool ok = std::any_of(held.begin(), held.end(), [&](const GrantedRule& h) {
      return covered(h.verbs, want.verbs) && covered(h.groups, want.groups) &&
             covered(h.resources, want.resources) &&
             (h.names.empty() || (!want.names.empty() && covered(h.names, want.names)));
    });
    if (!ok)
      return Error{Reason::forbidden, object.kind().resource() + " \"" + object.meta().name +
                                          "\" would grant what user \"" + user.name +
                                          "\" does not hold"};
  }
  return {};
}

namespace {

api::Role make_role(std::string name, std::vector<std::string> verbs,
                    std::vector<std::string> resources) {
  api::Role role;
  role.metadata.name = std::move(name);
  role.spec.rules.push_back({std::move(verbs), {"freehold.dev", ""}, std::move(resources), {}});
  return role;
}

api::Namespace make_namespace(std::string name, std::string tenant) {
  api::Namespace ns;
  ns.metadata.name = std::move(name);
  if (!tenant.empty()) ns.metadata.labels[std::string(api::tenant_label)] = std::move(tenant);
  ns.spec.finalizers.emplace_back("kubernetes");
  return ns;
}

}  // namespace

std::vector<ledger::Op> bootstrap(const ledger::View& view) {
  std::vector<ledger::Op> ops;
  const auto add = [&](api::Object object) {
    if (!view.find(object.key())) ops.push_back({ledger::OpType::create, std::move(object), 0, {}});
  };
  api::Tenant tenant;
  tenant.metadata.name = "default";
  add(api::Object::of(tenant));
  add(api::Object::of(make_namespace("default", "default")));
  add(api::Object::of(make_namespace("freehold-system", "")));
  add(api::Object::of(make_namespace(std::string(node_lease_namespace), "")));
  const std::vector<std::string> read{"get", "list", "watch"};
  const std::vector<std::string> all{"get",    "list",  "watch",  "create",
                                     "update", "patch", "delete", "deletecollection"};
  add(api::Object::of(make_role("viewer", read, {"contracts",       "offers",
                                                 "allocations",     "workloads",
                                                 "instances",       "endpoints",
                                                 "instances/log",   "templates",
                                                 "sites",           "racks",
                                                 "nodes",           "fabrics",
                                                 "powerdomains",    "hardwareprofiles",
                                                 "devicemodels",    "pricebooks",
                                                 "priorityclasses", "events",
                                                 "configmaps",      "namespaces"})));
  api::Role developer =
      make_role("developer", all, {"contracts", "workloads", "endpoints", "configmaps", "secrets"});
  developer.spec.rules.push_back(
      make_role("", read,
                {"offers", "allocations", "instances", "instances/log", "events", "templates"})
          .spec.rules[0]);
  add(api::Object::of(std::move(developer)));
  return ops;
}

}  // namespace freehold::auth

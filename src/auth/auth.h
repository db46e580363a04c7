// Who may do what. Authentication reads what the connection proved (http::Peer), and for an agent
// asks whether its Node is there; authorisation is a pure function over Roles and RoleBindings in
// the view, with built-in rules for administrators and for nodes. Admission (schema, policy) is the
// server's.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/object.h"
#include "base/result.h"
#include "http/message.h"
#include "http/pki.h"
#include "ledger/ledger.h"

namespace freehold::auth {

inline constexpr std::string_view admins = "freehold:admins";
inline constexpr std::string_view nodes = "freehold:nodes";
inline constexpr std::string_view node_prefix =
    "freehold:node:";  // user name of an agent, before its node's name
// In an agent's certificate, among the organizations and before the uid of its Node. It is no
// group.
inline constexpr std::string_view node_uid_prefix = "freehold:node-uid:";
inline constexpr std::string_view anonymous = "system:anonymous";
inline constexpr std::string_view authenticated = "system:authenticated";
inline constexpr std::string_view unauthenticated = "system:unauthenticated";
inline constexpr std::string_view node_lease_namespace = "freehold-node-lease";

struct User {
  std::string name;
  std::vector<std::string> groups;
  std::string by{};  // who acts in this user's name; empty: nobody else
  bool in(std::string_view group) const;
  // As the record names it: whoever acts in another's name is not hidden by it.
  std::string actor() const { return by.empty() ? name : by + " as " + name; }
};

// `unauthorized` with a certificate that has ended, and for an agent whose Node was deleted, also
// when another of that name has come since.
Result<User> authenticate(const ledger::View& view, const http::Peer& peer, Time now);
// What the certificate of an agent says: all that it is, and nothing that it asked for.
http::Subject subject_of_node(std::string_view name, std::string_view uid);
// Whoever the request wishes to act as (`kubectl --as`), else the user himself. Administrators may;
// everybody else is `forbidden`, and a wish that is not understood is `bad_request`.
Result<User> act_as(User user, const http::Request& request);
// The node's name when this is an agent, else empty.
std::string_view node_of(const User& user);

struct Request {
  User user;
  std::string verb;  // get, list, watch, create, update, patch, delete, deletecollection
  std::string group, resource, subresource, ns, name;
  std::string field_selector;
  std::string path;  // set for what is no resource: /metrics
};

struct Verdict {
  bool allowed = false;
  std::string reason;  // for people: which binding allowed it, or what was missing
};

Verdict authorize(const ledger::Ledger& ledger, const Request& request);
// `forbidden`, in Kubernetes' words.
Error forbidden(const Request& request, const Verdict& verdict);

// What an agent may not write even where authorize() lets it: objects of other nodes, anything but
// status of its own instances, and the site of its node once that is known. Everybody else passes.
// `before` is null on create.
Result<void> check_write(const User& user, const api::Object* before, const api::Object& after,
                         std::string_view subresource);
// Same for reading one object. A write asks it too, before it looks at what is there: a refusal
// that speaks of the outcome would tell.
Result<void> check_read(const User& user, const api::Object& object);

// Each rule that holds for a user, for `auth can-i --list`.
struct GrantedRule {
  std::vector<std::string> verbs, groups, resources, names;
};
std::vector<GrantedRule> rules_for(const ledger::Ledger& ledger, const User& user,
                                   std::string_view ns);

// Nobody may grant what he does not hold: a Role or RoleBinding that would is `forbidden`.
Result<void> check_escalation(const ledger::Ledger& ledger, const User& user,
                              const api::Object& object);

// Namespaces, the default tenant and roles of a new control plane; whatever is there already is
// left alone.
std::vector<ledger::Op> bootstrap(const ledger::View& view);

}  // namespace freehold::auth

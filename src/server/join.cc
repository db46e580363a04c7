// Agents join: a one-time token buys a certificate for one node. Tokens are kept as digests, are
// used up in the commit that makes the Node, and end by themselves. A used one is kept until then
// with the Node and a digest of the key that it was used for: an answer that was lost can be asked
// for again, by who holds that key. POST /tokens (administrators), /join (the token is the proof),
// /renew (the certificate is).
#include <algorithm>

#include "api/core.h"
#include "api/node.h"
#include "base/strings.h"
#include "http/pki.h"
#include "ledger/uid.h"
#include "server/api_server.h"
#include "server/enrol.h"

namespace freehold::server {

namespace {

constexpr std::string_view token_namespace = "freehold-system";
constexpr std::string_view token_type = "freehold.dev/join-token";
constexpr Duration token_life = hours(1);
constexpr Duration longest_token_life = hours(24 * 7);

// What agents send: a newer one may say more than this server knows.
json::Value body_of(const http::Request& r) {
  auto parsed = r.body ? json::parse(*r.body) : Result<json::Value>(json::Value());
  return parsed ? std::move(*parsed) : json::Value();
}

// What people and scripts send: a word spelled wrong must not make a token that is good for more
// than was meant.
Result<json::Object> wishes_for_token(const http::Request& r) {
  if (!r.body || r.body->empty()) return json::Object();
  const json::Value body = TRY(json::parse(*r.body));
  if (body.as_object() == nullptr) return Error{Reason::bad_request, "the body is no object"};
  for (const auto& [name, value] : *body.as_object()) {
    std::string fault;
    if (name != "nodeName" && name != "site" && name != "ttl") fault = "unknown field";
    if (fault.empty() && value.as_string() == nullptr) fault = "must be a text";
    if (!fault.empty())
      return Error{Reason::invalid, name + ": " + fault, {{"FieldValueInvalid", name, fault}}};
  }
  return *body.as_object();
}

// Compares in constant time.
bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char differs = 0;
  for (size_t i = 0; i < a.size(); ++i)
    differs = static_cast<unsigned char>(differs | (a[i] ^ b[i]));
  return differs == 0;
}

std::string text_of(const api::Secret& secret, std::string_view key) {
  const auto it = secret.data.find(key);
  return it == secret.data.end() ? std::string() : it->second.data;
}

Result<std::string> request_in(const json::Value& body) {
  const std::string_view csr = body.string_at({"csr"});
  if (!csr.empty()) return std::string(csr);
  return Error{Reason::bad_request, "csr: a PEM certificate request is required"};
}

void respond_certificate(const ApiOptions& options, const ExchangePtr& x, std::string certificate) {
  json::Object out;
  out["certificate"] = std::move(certificate);
  out["ca"] = options.authority.certificate_pem;
  x->respond(respond_value(200, out));
}

void make_token(Runtime& runtime, ledger::Ledger& ledger, const ApiOptions& options,
                const ExchangePtr& x) {
  auto wishes = wishes_for_token(x->request);
  if (!wishes) return x->fail(wishes.error());
  const json::Value body(std::move(*wishes));
  const std::string node(body.string_at({"nodeName"}));
  Duration life = token_life;
  if (const auto ttl = body.string_at({"ttl"}); !ttl.empty()) {
    const auto parsed = parse_duration(ttl);
    if (!parsed || *parsed <= seconds(0) || *parsed > longest_token_life)
      return x->fail({Reason::invalid,
                      "ttl: use a duration up to 168h",
                      {{"FieldValueInvalid", "ttl", "use a duration up to 168h"}}});
    life = *parsed;
  }
  if (!node.empty() && !is_dns_subdomain(node))
    return x->fail({Reason::invalid,
                    "nodeName: is no valid name",
                    {{"FieldValueInvalid", "nodeName", "is no valid name"}}});
  const std::string site(body.string_at({"site"}));
  if (const std::string fault = fault_of_site(site); !fault.empty())
    return x->fail({Reason::invalid, "site: " + fault, {{"FieldValueInvalid", "site", fault}}});
  const auto ca = http::certificate_sha256(options.authority.certificate_pem);
  if (!ca) return x->fail(ca.error());
  const std::string id = runtime.random_token(8);
  const std::string secret = runtime.random_token(24);
  const std::string expires = format_rfc3339(runtime.now() + life);
  api::Secret kept;
  kept.metadata.name = "join-" + id;
  kept.metadata.ns = token_namespace;
  kept.type = token_type;
  kept.data["digest"].data = to_hex(http::sha256(secret));
  kept.data["expires"].data = expires;
  if (!node.empty()) kept.data["node"].data = node;
  if (!site.empty()) kept.data["site"].data = site;
  ledger::Change change;
  change.actor.user = x->user.actor();
  change.ops.push_back({ledger::OpType::create, api::Object::of(std::move(kept)), 0, {}});
  ledger.submit(std::move(change), [x, expires, token = "fh1." + *ca + "." + id + "." + secret](
                                       const Result<ledger::Committed>& done) {
    if (!done) return x->fail(done.error());
    json::Object out;
    out["token"] = token;
    out["expires"] = expires;
    x->respond(respond_value(201, out));
  });
}

// One answer for every fault of a token: who guesses learns nothing.
Error refused_token() {
  return {Reason::unauthorized,
          "the token is not valid: it is unknown, used up, or has ended; make one with "
          "`freehold token`"};
}

bool is_used(const api::Secret& secret) { return secret.data.contains("usedByKey"); }

// The same request once more: the same token, key and name, and the Node is still that one.
void join_again(Runtime& runtime, const ledger::View& view, const ApiOptions& options,
                const ExchangePtr& x, const api::Secret& used, const Enrolment& asked,
                const std::string& key) {
  const auto* node = view.get<api::Node>({}, asked.node);
  if (!same(text_of(used, "usedByKey"), key) || node == nullptr ||
      node->metadata.uid != text_of(used, "usedByNode"))
    return x->fail(refused_token());
  auto certificate =
      certify(options.authority, asked.request_pem, asked.node, node->metadata.uid, runtime.now());
  certificate ? respond_certificate(options, x, std::move(*certificate))
              : x->fail(certificate.error());
}

// Uses the token up, in the commit that makes the Node.
void join_first(Runtime& runtime, ledger::Ledger& ledger, const ApiOptions& options,
                const ExchangePtr& x, const api::Secret& token, ledger::Rev token_rev,
                Enrolment asked, const std::string& key) {
  const auto* node = ledger.view().get<api::Node>({}, asked.node);
  asked.uid = node != nullptr ? node->metadata.uid : ledger::make_uid(runtime);
  api::Secret used = token;
  used.data["usedByKey"].data = key;
  used.data["usedByNode"].data = asked.uid;
  asked.with.push_back({ledger::OpType::update, api::Object::of(std::move(used)), token_rev, {}});
  enrol(runtime, ledger, options.authority, std::move(asked),
        [&options, x](const Result<std::string>& certificate) {
          if (certificate) return respond_certificate(options, x, *certificate);
          // Someone else was faster, with the token or with the Node; that may have been the same
          // agent, before its patience ended.
          const Reason reason = certificate.error().reason;
          const bool is_late = reason == Reason::not_found || reason == Reason::conflict ||
                               reason == Reason::already_exists;
          x->fail(is_late ? Error{Reason::conflict,
                                  "another request with this token or for this node was faster; "
                                  "ask again"}
                          : certificate.error());
        });
}

void join(Runtime& runtime, ledger::Ledger& ledger, const ApiOptions& options,
          const ExchangePtr& x) {
  const json::Value body = body_of(x->request);
  const std::string node(body.string_at({"nodeName"}));
  const auto parts = split(body.string_at({"token"}), '.');
  if (!is_dns_subdomain(node)) return x->fail({Reason::bad_request, "nodeName: is no valid name"});
  if (parts.size() != 4 || parts[0] != "fh1") return x->fail(refused_token());
  const auto record = ledger.view().find(api::kind_of<api::Secret>(), token_namespace,
                                         "join-" + std::string(parts[2]));
  const auto* secret = record ? record->object.as<api::Secret>() : nullptr;
  if (secret == nullptr || secret->type != token_type) return x->fail(refused_token());
  const auto expires = parse_rfc3339(text_of(*secret, "expires"));
  const std::string bound = text_of(*secret, "node");
  if (!same(text_of(*secret, "digest"), to_hex(http::sha256(parts[3]))) || !expires ||
      *expires <= runtime.now() || (!bound.empty() && bound != node))
    return x->fail(refused_token());
  // Else a token for a new machine would make its bearer the agent of any machine.
  if (bound.empty() && !is_used(*secret) && ledger.view().get<api::Node>({}, node) != nullptr)
    return x->fail({Reason::forbidden,
                    "there is a node \"" + node +
                        "\" already, whether it has joined or was only applied; if this is its " +
                        "machine, use a token of `freehold token --node " + node + "`"});
  auto csr = request_in(body);
  if (!csr) return x->fail(csr.error());
  const auto key = http::request_key_sha256(*csr);
  if (!key) return x->fail(key.error());
  Enrolment asked{node, text_of(*secret, "site"), std::move(*csr), {}, {}};
  if (is_used(*secret)) return join_again(runtime, ledger.view(), options, x, *secret, asked, *key);
  join_first(runtime, ledger, options, x, *secret, record->rev, std::move(asked), *key);
}

void renew(Runtime& runtime, ledger::Ledger& ledger, const ApiOptions& options,
           const ExchangePtr& x) {
  const std::string name(auth::node_of(x->user));
  if (name.empty()) return x->fail({Reason::forbidden, "only agents renew"});
  const auto* node = ledger.view().get<api::Node>({}, name);
  // Only who acts in its name gets here without one.
  if (node == nullptr) return x->fail({Reason::forbidden, "there is no node \"" + name + "\""});
  const auto csr = request_in(body_of(x->request));
  if (!csr) return x->fail(csr.error());
  auto certificate = certify(options.authority, *csr, name, node->metadata.uid, runtime.now());
  certificate ? respond_certificate(options, x, std::move(*certificate))
              : x->fail(certificate.error());
}

}  // namespace

bool join_requests(Runtime& runtime, ledger::Ledger& ledger, const ApiOptions& options,
                   const ExchangePtr& x) {
  const std::string& path = x->request.path;
  if (path != "/join" && path != "/renew" && path != "/tokens") return false;
  if (x->request.method != "POST") {
    x->fail({Reason::method_not_allowed, "use POST"});
  } else if (path == "/tokens") {
    make_token(runtime, ledger, options, x);
  } else if (path == "/join") {
    join(runtime, ledger, options, x);
  } else {
    renew(runtime, ledger, options, x);
  }
  return true;
}

}  // namespace freehold::server

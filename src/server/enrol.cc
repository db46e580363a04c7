#include "server/enrol.h"

#include <utility>

#include "api/node.h"
#include "auth/auth.h"
#include "base/printable.h"
#include "base/strings.h"
#include "ledger/uid.h"

namespace freehold::server {

namespace {

constexpr Duration certificate_life = hours(24 * 90);
constexpr Duration clock_difference = minutes(5);

}  // namespace

std::string fault_of_site(std::string_view site) {
  if (site.empty() || is_dns_label(site)) return {};
  return "is no name of a site; use a-z, 0-9 and -, such as fra1";
}

Result<std::string> certify(const http::KeyPair& authority, std::string_view request_pem,
                            std::string_view node, std::string_view uid, Time now) {
  return http::sign_request(authority, request_pem, auth::subject_of_node(node, uid),
                            http::Use::call_and_serve,
                            {now - clock_difference, now + certificate_life});
}

void enrol(Runtime& runtime, ledger::Ledger& ledger, const http::KeyPair& authority,
           Enrolment enrolment, std::function<void(Result<std::string>)> done) {
  const auto* there = ledger.view().get<api::Node>({}, enrolment.node);
  const bool is_placed = there != nullptr && !there->spec.site.empty();
  const std::string& site = is_placed ? there->spec.site : enrolment.site;
  // No agent could write its Node again.
  if (const std::string fault = fault_of_site(site); !fault.empty())
    return runtime.post([done, error = Error{Reason::invalid, "site of node " + enrolment.node +
                                                                  ": \"" + printable(site) + "\" " +
                                                                  fault}] { done(error); });
  std::string uid = there ? there->metadata.uid : enrolment.uid;
  if (uid.empty()) uid = ledger::make_uid(runtime);
  auto certificate = certify(authority, enrolment.request_pem, enrolment.node, uid, runtime.now());
  ledger::Change change;
  change.actor.user = std::string(auth::node_prefix) + enrolment.node;
  change.ops = std::move(enrolment.with);
  api::Node node;
  if (there != nullptr) node = *there;
  node.metadata.name = enrolment.node;
  node.metadata.uid = uid;
  if (node.spec.site.empty()) node.spec.site = enrolment.site;
  const bool says_more = there != nullptr && node.spec.site != there->spec.site;
  if (there == nullptr || says_more)
    change.ops.push_back({says_more ? ledger::OpType::update : ledger::OpType::create,
                          api::Object::of(std::move(node)),
                          0,
                          {}});
  if (!certificate || change.ops.empty())
    return runtime.post([done, certificate = std::move(certificate)] { done(certificate); });
  ledger.submit(std::move(change), [done, certificate = std::move(certificate)](
                                       const Result<ledger::Committed>& landed) {
    landed ? done(certificate) : done(landed.error());
  });
}

}  // namespace freehold::server

// ApiServer: the resource API over HTTP. It takes a request apart, authenticates, authorises, reads
// the view or writes through the ledger, and answers in the form that was asked for. It knows kinds
// by their tables only. Everything on the loop thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "auth/auth.h"
#include "control/heartbeats.h"
#include "control/shell.h"
#include "http/pki.h"
#include "http/server.h"
#include "ledger/ledger.h"
#include "metrics/registry.h"
#include "runtime/runtime.h"
#include "server/answer.h"
#include "server/route.h"
#include "server/selector.h"

namespace freehold::server {

// Where an agent is reached, and who must be found there.
struct AgentAddress {
  std::string node, endpoint;  // host:port, as the agent says
};

struct ApiOptions {
  std::string version = "dev";  // of the product
  http::KeyPair authority;      // signs the certificates of agents
  std::string server_url;       // as clients reach it; goes into what is handed out
  // Fetches a path from an agent, e.g. /logs/ns/name, and passes the answer on. Null: logs are not
  // served.
  std::function<void(const AgentAddress& agent, const std::string& path, const http::Query& query,
                     std::unique_ptr<http::Responder> responder)>
      fetch_from_agent;
};

// One request on its way through the server.
struct Exchange {
  http::Request request;
  std::unique_ptr<http::Responder> responder;
  auth::User user;
  Route route;
  Form form = Form::json;
  std::vector<std::string> warnings;
  std::set<std::string> brings;  // namespaces that are made in the same commit

  void respond(http::Response response);  // adds warnings
  void fail(const Error& error);
  About about() const;
};
using ExchangePtr = std::shared_ptr<Exchange>;

// A write that named no revision is tried so often when others write the same object.
inline constexpr int write_attempts = 5;

class ApiServer final : public http::Handler {
 public:
  ApiServer(Runtime& runtime, ledger::Ledger& ledger, control::Heartbeats& heartbeats,
            const control::Shell* shell, ApiOptions options);
  ~ApiServer() override;
  void handle(http::Request request, std::unique_ptr<http::Responder> responder) override;
  // Readiness says no from now on, so that balancers look elsewhere.
  void drain() { draining_ = true; }

 private:
  friend struct Writer;
  friend struct Watcher;
  void dispatch(const ExchangePtr& x);
  // What is no resource: health, discovery, metrics, join … False: nothing here either.
  bool other(const ExchangePtr& x);
  Result<void> check_access(Exchange& x) const;
  // Agents whose Nodes a commit deletes see nothing more.
  void cut_off(const store::Commit& commit);

  // ---- reading (read.cc, watch.cc)
  void get(const ExchangePtr& x);
  void list(const ExchangePtr& x);
  void watch(const ExchangePtr& x);
  void log(const ExchangePtr& x);
  // What a request is about, wherever it is kept; null when it is not there.
  ledger::RecordPtr find(const Route& route) const;
  // Calls `then` once the view has reached `rev`, or answers 504 after 3 s.
  void when_reached(const ExchangePtr& x, store::Rev rev, std::function<void()> then);
  void look_for(const ExchangePtr& x, store::Rev rev, std::function<void()> then, Duration since,
                Duration pause);
  // The same for all that is on its way to the disk now: what stood in the way can be seen then.
  void when_settled(const ExchangePtr& x, std::function<void()> then);

  // ---- writing (write.cc, patch.cc, remove.cc)
  void create(const ExchangePtr& x);
  void update(const ExchangePtr& x);
  void patch(const ExchangePtr& x, int attempt);
  void remove(const ExchangePtr& x, int attempt);
  void remove_collection(const ExchangePtr& x, int attempt);
  // Reads the body as an object of the route's kind, checks names, unknown fields and rules of the
  // table.
  Result<api::Object> read_body(Exchange& x);
  Result<api::Object> read_document(Exchange& x, const json::Value& document);
  Result<void> check_new(Exchange& x, api::Object& object);
  // `after` becomes what will be written over `before`: status or all else is kept, rules are
  // checked.
  Result<void> check_changed(Exchange& x, const ledger::RecordPtr& before, api::Object& after);
  void write(const ExchangePtr& x, ledger::Op op, int status,
             std::function<bool(const Error&)> retry = {});
  Result<bool> is_dry_run(const Exchange& x) const;

  // Several objects at once (change.cc): POST …/plans and …/changes. True when it took the request.
  bool change(const ExchangePtr& x);
  void change_set(const ExchangePtr& x, bool plan, int attempt);
  struct SetItem;
  Result<SetItem> lay_one(const Exchange& x, const json::Value& document,
                          const std::set<std::string>& brings);
  Result<std::vector<SetItem>> lay_all(const Exchange& x);

  // ---- node leases live in memory (lease.cc)
  bool is_node_lease(const Route& route) const;
  void node_lease(const ExchangePtr& x);  // made or renewed; the rest as for any object

  Runtime& runtime_;
  ledger::Ledger& ledger_;
  control::Heartbeats& heartbeats_;
  const control::Shell* shell_;
  ApiOptions options_;
  std::map<std::string, ledger::RecordPtr, std::less<>> node_leases_;
  std::unique_ptr<struct EncodedEvents> encoded_;
  std::map<uint64_t, std::shared_ptr<struct Watcher>> watchers_;
  uint64_t next_watcher_ = 1;
  std::map<std::string, uint64_t> requests_;  // by "verb resource code", for /metrics
  bool draining_ = false;
  uint64_t refusals_ = 0;  // times that the disk refused what waited for it
  bool refusing_ = false;  // the last time, it did
};

// ---- what other files of the server offer

// Beside what could not be read, which rules of its table a document breaks (write.cc); what could
// not be read is not missing, too.
void add_broken_rules(const api::Object& object, schema::Errors& errors);

// Tables for kubectl (table.cc). `definitions`: with the columns, else rows only.
enum class Include : uint8_t { none, metadata, object };
struct TableOptions {
  Include include = Include::metadata;
  bool definitions = true;
};
Result<TableOptions> table_options(const http::Request& request);
json::Value table_of(const api::Kind& kind, const std::vector<const api::Object*>& rows, Time now,
                     const TableOptions& options, const json::Object& list_metadata);
json::Value partial_of(const api::Object& object);  // PartialObjectMetadata

// Discovery (discovery.cc): /api, /apis, /apis/G, /apis/G/V, aggregated or not; empty when the path
// is none of these.
std::optional<http::Response> discovery(const http::Request& request);
// OpenAPI (openapi_paths.cc): /openapi/v2, /openapi/v3, /openapi/v3/…
std::optional<http::Response> openapi(const http::Request& request, std::string_view version);
// Reviews (reviews.cc): SelfSubjectAccessReview, SelfSubjectRulesReview, SelfSubjectReview; null
// when the path is none of these.
std::optional<http::Response> review(const ledger::Ledger& ledger, const auth::User& user,
                                     const http::Request& request);

// What kubectl expects beyond our kinds (empty lists, such as of services and pods); empty when it
// is none of these.
std::optional<http::Response> stand_in(const http::Request& request, Form form);

// Agents (join.cc): POST /join, /renew, /tokens. True when it took the request.
bool join_requests(Runtime& runtime, ledger::Ledger& ledger, const ApiOptions& options,
                   const ExchangePtr& x);

}  // namespace freehold::server

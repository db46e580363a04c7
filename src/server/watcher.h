// One running watch: follows the store and turns commits into events for one client. Private to the
// server.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "server/api_server.h"

namespace freehold::server {

// Many watchers send the same event: it is encoded once. Holds the events of the last commit only.
struct EncodedEvents {
  store::Rev rev = 0;
  std::map<std::string, http::Bytes, std::less<>> by_type;
};

struct Watcher : std::enable_shared_from_this<Watcher> {
  Watcher(Runtime& r, ledger::Ledger& l, EncodedEvents& e, ExchangePtr exchange)
      : runtime(r), ledger(l), encoded(e), x(std::move(exchange)) {}

  Result<void> prepare();  // reads selectors and parameters
  // `mark_end`: a bookmark says where the initial events end.
  void start(store::Rev after, bool initial_events, bool mark_end);
  void send_initial();
  void follow();  // from `sent` on
  void deliver(const store::CommitPtr& commit);
  void bookmark(bool initial_end);
  void end();

  // Sends one event; `bytes` is the object as JSON when it goes out as it is stored.
  void send(std::string_view type, const api::Object& object, const store::Bytes& bytes);
  bool wants(const api::Object& object) const;
  void fail(const Error& error);  // as an ERROR event, then the end
  void schedule_bookmark();

  Runtime& runtime;
  ledger::Ledger& ledger;
  EncodedEvents& encoded;  // of the server
  ExchangePtr x;
  std::shared_ptr<http::Stream> stream;
  std::unique_ptr<store::Watch> watch;
  LabelSelector labels;
  FieldSelector fields;
  TableOptions table;
  std::string prefix;
  bool bookmarks = false, table_sent = false, marks_end = false, ended = false;
  store::Rev sent = 0;
  std::deque<ledger::RecordPtr> initial;  // that are still to be sent
  Timer timeout, next_bookmark;
  std::function<void()> on_end;
};

}  // namespace freehold::server

// audit verify: replays the record of a store, beside a server that runs or without one.
#include <map>
#include <optional>

#include "api/core.h"
#include "api/registry.h"
#include "api/tenancy.h"
#include "audit/leaf.h"
#include "audit/verify.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/data_dir.h"
#include "store/sqlite.h"

namespace freehold::cli {

namespace {

constexpr size_t page_entries = 1000;

audit::LogView view_of(const store::Store& store, const std::string& origin) {
  audit::LogView log;
  log.origin = origin;
  log.size = store.log_size(origin);
  log.stored_root = store.log_root(origin);
  if (log.stored_root.empty()) log.stored_root = "nothing";  // each leaf comes with a root
  log.read = [&store, origin](uint64_t from, size_t limit) -> Result<std::vector<std::string>> {
    std::vector<std::string> leaves;
    for (const store::Leaf& leaf : TRY(store.read_log(origin, from, limit)))
      leaves.push_back(leaf.data ? *leaf.data : std::string());
    return leaves;
  };
  return log;
}

// What the store says of itself and of the order of its logs.
struct Names {
  std::string organization, site, principal_key;
  std::map<std::string, std::string, std::less<>> tenants;  // by namespace
  std::vector<audit::Finding> findings;

  // A name stands under what the record calls it by.
  void check_principal(std::string_view id, const std::string& name) {
    const audit::Hash hash = audit::sha256(principal_key + "/" + name);
    if (id != "u:" + audit::to_hex(hash).substr(0, 16))
      findings.push_back({"principal " + std::string(id), "\"" + name + "\" is not its name"});
  }
  std::string log_of(const api::KeyParts& parts) const {
    const auto tenant = tenants.find(parts.ns);
    const bool is_tenants = tenant != tenants.end() && !tenant->second.empty();
    return audit::log_origin(site, organization,
                             is_tenants ? std::string_view(tenant->second) : "operator");
  }
};

Result<Names> read_names(const store::Store& store) {
  Names names;
  if (const auto stored = store.get("/_freehold/identity")) {
    const json::Value document = TRY(json::parse(*stored->value));
    names.organization = document.string_at({"organization"});
    names.site = document.string_at({"site"});
    names.principal_key = document.string_at({"principalKey"});
  }
  const std::string spaces = api::kind_of<api::Namespace>().key_prefix();
  for (const store::Entry& e : TRY(store.list({.prefix = spaces})).entries)
    if (const auto document = json::parse(*e.value))
      names.tenants[e.key.substr(spaces.size())] =
          document->string_at({"metadata", "labels", api::tenant_label});
  return names;
}

// The first error, or nothing.
Result<void> each_object(const store::Store& store, Names& names,
                         const std::function<void(const audit::ObjectView&)>& tell) {
  constexpr std::string_view own = "/_freehold/", principals = "/_freehold/principals/";
  store::ListOptions options;
  options.limit = page_entries;
  for (bool more = true; more;) {
    const store::Page page = TRY(store.list(options));
    options.at = page.rev;
    more = page.more && !page.entries.empty();
    for (const store::Entry& e : page.entries) {
      options.after = e.key;
      const std::string value = e.value ? *e.value : std::string();
      const api::KeyParts parts = api::parse_key(e.key);
      if (std::string_view(e.key).starts_with(principals))
        names.check_principal(std::string_view(e.key).substr(principals.size()), value);
      else if (parts.kind == nullptr && !e.key.starts_with(own))
        names.findings.push_back({"object " + e.key, "there is no such kind"});
      const bool recorded =
          parts.kind != nullptr && parts.kind->persistence == api::Persistence::recorded;
      tell({e.key, e.rev, value, recorded, recorded ? names.log_of(parts) : std::string()});
    }
  }
  return {};
}

// What watches and old lists are told of the past.
Result<std::vector<audit::HistoryView>> read_history(store::Store& store) {
  std::vector<audit::HistoryView> history;
  const auto walked =
      store.watch(store.history_start(), [&history](const store::CommitPtr& commit) {
        for (const store::Change& change : commit->changes) {
          const api::KeyParts parts = api::parse_key(change.key);
          if (parts.kind == nullptr || parts.kind->persistence != api::Persistence::recorded)
            continue;
          history.push_back({change.rev, change.key,
                             change.previous ? audit::to_hex(audit::sha256(*change.previous)) : "",
                             commit->time});
        }
      });
  if (!walked) return walked.error();
  return history;
}

// `refused`: a server would not open this store.
void print_report(const audit::Report& report, bool refused) {
  const Terminal t = terminal(stdout);
  Table table({"LOG", "LEAVES", "ROOT"});
  for (const audit::LogSummary& log : report.logs)
    table.add({log.origin, std::to_string(log.size), log.root});
  if (!table.empty()) put(table.text(t));
  const std::string counts =
      std::to_string(report.leaves) + " leaves, " + std::to_string(report.objects) + " objects: ";
  if (report.findings.empty() && refused) {
    put(counts + paint("they fit each other, the store does not", Colour::bad, t) + "\n");
    return;
  }
  if (report.findings.empty()) {
    put(counts + paint("verified", Colour::good, t) + "\n");
    return;
  }
  put(counts + paint("the record does not fit", Colour::bad, t) + "\n");
  for (const audit::Finding& f : report.findings)
    put("  " + printable(f.where) + ": " + printable(f.what) + "\n");
}

}  // namespace

int audit_verify(const std::string& data_dir) {
  Loop loop;
  store::SqliteOptions options{DataDir{data_dir}.store()};
  options.mode = store::SqliteOptions::Mode::read_only;
  auto store = store::open_sqlite(loop, options);
  // What a server would refuse to open is looked at all the same: the record says what is wrong.
  const std::optional<Error> refusal = store ? std::nullopt : std::optional<Error>(store.error());
  if (refusal && refusal->reason == Reason::invalid) {
    options.mode = store::SqliteOptions::Mode::examine;
    store = store::open_sqlite(loop, options);
  }
  if (!store)
    return complain(
        {store.error().reason,
         store.error().message + "; name the control plane's directory with --data-dir"});
  std::vector<audit::LogView> logs;
  for (const std::string& origin : (*store)->logs()) logs.push_back(view_of(**store, origin));
  const Duration began = loop.uptime();
  const bool person = terminal(stderr).is_terminal;
  bool shown = false;
  Result<void> objects;
  auto names = read_names(**store);
  if (!names) return complain(std::move(names).error().within("the store's own identity"));
  auto history = read_history(**store);
  if (!history) return complain(std::move(history).error().within("the store's history"));
  audit::Report report = audit::verify(
      logs,
      [&](const std::function<void(const audit::ObjectView&)>& tell) {
        objects = each_object(**store, *names, tell);
      },
      [&](uint64_t at, uint64_t total) {
        if (!person || loop.uptime() - began < seconds(1)) return;
        put("\r" + std::to_string(at) + " of " + std::to_string(total) + " leaves", stderr);
        shown = true;
      },
      *history);
  if (shown) put("\r\033[K", stderr);
  if (!objects) return complain(objects.error());
  for (audit::Finding& f : names->findings) report.findings.push_back(std::move(f));
  print_report(report, refusal.has_value());
  if (refusal) return complain(*refusal);
  return report.findings.empty() ? done : failed;
}

}  // namespace freehold::cli

// audit verify: replays the record of a store, beside a server that runs or without one.
#include "api/registry.h"
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
  log.read = [&store, origin](uint64_t from, size_t limit) -> Result<std::vector<std::string>> {
    std::vector<std::string> leaves;
    for (const store::Leaf& leaf : TRY(store.read_log(origin, from, limit)))
      leaves.push_back(leaf.data ? *leaf.data : std::string());
    return leaves;
  };
  return log;
}

// The first error, or nothing.
Result<void> each_object(const store::Store& store,
                         const std::function<void(const audit::ObjectView&)>& tell) {
  store::ListOptions options;
  options.limit = page_entries;
  for (bool more = true; more;) {
    const store::Page page = TRY(store.list(options));
    options.at = page.rev;
    more = page.more && !page.entries.empty();
    for (const store::Entry& e : page.entries) {
      options.after = e.key;
      const api::KeyParts parts = api::parse_key(e.key);
      const bool recorded =
          parts.kind != nullptr && parts.kind->persistence == api::Persistence::recorded;
      tell({e.key, e.rev, e.value ? *e.value : std::string(), recorded});
    }
  }
  return {};
}

void print_report(const audit::Report& report) {
  const Terminal t = terminal(stdout);
  Table table({"LOG", "LEAVES", "ROOT"});
  for (const audit::LogSummary& log : report.logs)
    table.add({log.origin, std::to_string(log.size), log.root});
  if (!table.empty()) put(table.text(t));
  const std::string counts =
      std::to_string(report.leaves) + " leaves, " + std::to_string(report.objects) + " objects: ";
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
  const auto store = store::open_sqlite(loop, options);
  if (!store) return complain(store.error());
  std::vector<audit::LogView> logs;
  for (const std::string& origin : (*store)->logs()) logs.push_back(view_of(**store, origin));
  const Duration began = loop.uptime();
  const bool person = terminal(stderr).is_terminal;
  bool shown = false;
  Result<void> objects;
  const audit::Report report = audit::verify(
      logs,
      [&](const std::function<void(const audit::ObjectView&)>& tell) {
        objects = each_object(**store, tell);
      },
      [&](uint64_t at, uint64_t total) {
        if (!person || loop.uptime() - began < seconds(1)) return;
        put("\r" + std::to_string(at) + " of " + std::to_string(total) + " leaves", stderr);
        shown = true;
      });
  if (shown) put("\r\033[K", stderr);
  if (!objects) return complain(objects.error());
  print_report(report);
  return report.findings.empty() ? done : failed;
}

}  // namespace freehold::cli

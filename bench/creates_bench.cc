// Budget: durable creates over HTTPS, by the real program in a process of its own, at 50 % or more
// of a bare SQLite loop that writes the same rows (counter `share`), with one client and with
// sixteen. Both run in the same run on the same disk, in turns; the bare loop is given the very
// rows that the server wrote. The program is named by $FREEHOLD.
#include <benchmark/benchmark.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "api/core.h"
#include "base/check.h"
#include "cli/connect.h"

namespace freehold {
namespace {

constexpr int creates = 2'000;
constexpr size_t payload_bytes = 600;

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Folder {
 public:
  Folder() { CHECK(::mkdtemp(path_.data()) != nullptr, "no temporary folder"); }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const char* name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = (std::filesystem::temp_directory_path() / "freehold_bench_XXXXXX").string();
};

// A control plane in a process of its own, over its folder's store.
class Server {
 public:
  Server(const std::string& program, const std::string& folder) : pid_(::fork()) {
    if (pid_ == 0) {
      ::execl(program.c_str(), "freehold", "server", "--data-dir", folder.c_str(), "--listen",
              "127.0.0.1:0", "--quiet", nullptr);
      ::_exit(127);
    }
  }
  ~Server() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  pid_t pid_;
};

std::unique_ptr<cli::Session> session_with(const std::string& kubeconfig) {
  for (int i = 0; i < 500; ++i) {
    auto session = cli::Session::open({.kubeconfig = kubeconfig, .context = "", .ns = "default"});
    if (session.ok() && (*session)->send({.path = "/version"}).ok()) return std::move(*session);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(false, "the server is not ready");
  return nullptr;
}

// `clients` at a time, each with a connection of its own that waits for its answer. Seconds.
double create_over_https(cli::Session& session, const std::string& run, int clients) {
  struct Client {
    std::unique_ptr<http::Transport> transport;
    std::unique_ptr<client::Remote> remote;
  };
  std::ifstream file(cli::kubeconfig_path(""));
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  auto config = cli::parse_kubeconfig(text, "", "").value();
  config.client.connections = 1;
  std::vector<Client> all(static_cast<size_t>(clients));
  for (Client& c : all) {
    c.transport = http::connect(session.loop(), config.client).value();
    c.remote = std::make_unique<client::Remote>(*c.transport);
  }
  int started = 0, ended = 0;
  std::function<void(Client&)> next = [&](Client& client) {
    if (started == creates) return;
    api::ConfigMap map;
    map.metadata.name = run + "-" + std::to_string(started++);
    map.metadata.ns = "default";
    map.data["payload"] = std::string(payload_bytes, 'x');
    client.remote->create(api::Object::of(std::move(map)), [&](const Result<api::Object>& done) {
      CHECK(done.ok(), "a create failed");
      if (++ended == creates) return session.loop().stop();
      next(client);
    });
  };
  const auto start = Clock::now();
  for (Client& client : all) next(client);
  session.loop().run();
  return seconds_since(start);
}

void must(bool ok, sqlite3* database) { CHECK(ok, sqlite3_errmsg(database)); }

void execute(sqlite3* database, const std::string& sql) {
  must(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK, database);
}

// The rows of one table that the run's creates made, in order.
struct Rows {
  std::string table;
  int columns = 0;
  std::vector<std::vector<sqlite3_value*>> rows;
  Rows() = default;
  Rows(Rows&&) = default;
  ~Rows() {
    for (auto& row : rows)
      for (sqlite3_value* value : row) sqlite3_value_free(value);
  }
};

Rows read_rows(sqlite3* database, const std::string& table, const std::string& order) {
  Rows out;
  out.table = table;
  sqlite3_stmt* statement = nullptr;
  const std::string sql =
      "SELECT * FROM " + table + " ORDER BY " + order + " DESC LIMIT " + std::to_string(creates);
  must(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK, database);
  out.columns = sqlite3_column_count(statement);
  while (sqlite3_step(statement) == SQLITE_ROW) {
    std::vector<sqlite3_value*> row;
    for (int i = 0; i < out.columns; ++i)
      row.push_back(sqlite3_value_dup(sqlite3_column_value(statement, i)));
    out.rows.insert(out.rows.begin(), std::move(row));
  }
  sqlite3_finalize(statement);
  CHECK(out.rows.size() == creates, "the store does not hold the rows of the run");
  return out;
}

// One transaction for each create, with the server's settings: three rows, and the size of the log.
double create_in_sqlite(const std::string& store, const std::string& path) {
  sqlite3* from = nullptr;
  CHECK(sqlite3_open_v2(store.c_str(), &from, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK,
        "the server's store cannot be opened");
  std::vector<Rows> tables;
  tables.push_back(read_rows(from, "object", "created"));
  tables.push_back(read_rows(from, "history", "rev"));
  tables.push_back(read_rows(from, "leaf", "id"));
  sqlite3* to = nullptr;
  CHECK(sqlite3_open(path.c_str(), &to) == SQLITE_OK, "no database");
  execute(to, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  sqlite3_stmt* schema = nullptr;
  must(sqlite3_prepare_v2(from, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL", -1, &schema,
                          nullptr) == SQLITE_OK,
       from);
  while (sqlite3_step(schema) == SQLITE_ROW)
    execute(to, reinterpret_cast<const char*>(sqlite3_column_text(schema, 0)));
  sqlite3_finalize(schema);
  execute(to, "INSERT INTO log VALUES(1, 'log', 0, '')");
  std::vector<sqlite3_stmt*> inserts;
  for (const Rows& table : tables) {
    std::string sql = "INSERT INTO " + table.table + " VALUES(?";
    for (int i = 1; i < table.columns; ++i) sql += ", ?";
    inserts.push_back(nullptr);
    must(sqlite3_prepare_v2(to, (sql + ")").c_str(), -1, &inserts.back(), nullptr) == SQLITE_OK,
         to);
  }
  const auto start = Clock::now();
  for (size_t i = 0; i < creates; ++i) {
    execute(to, "BEGIN IMMEDIATE");
    for (size_t t = 0; t < tables.size(); ++t) {
      for (int c = 0; c < tables[t].columns; ++c)
        sqlite3_bind_value(inserts[t], c + 1, tables[t].rows[i][static_cast<size_t>(c)]);
      must(sqlite3_step(inserts[t]) == SQLITE_DONE, to);
      sqlite3_reset(inserts[t]);
    }
    execute(to, "UPDATE log SET size = size + 1 WHERE id = 1");
    execute(to, "COMMIT");
  }
  const double took = seconds_since(start);
  for (sqlite3_stmt* insert : inserts) sqlite3_finalize(insert);
  sqlite3_close(to);
  sqlite3_close(from);
  return took;
}

void durable_creates(benchmark::State& state) {
  const char* program = std::getenv("FREEHOLD");
  if (program == nullptr) return state.SkipWithError("FREEHOLD does not name the program");
  const Folder folder;
  const std::string data = folder.file("data");
  ::setenv("FREEHOLD_KUBECONFIG", (data + "/kubeconfig").c_str(), 1);
  const Server server(program, data);
  const auto session = session_with(data + "/kubeconfig");
  double https = 0, bare = 0;
  int run = 0;
  for (auto _ : state) {
    const double took =
        create_over_https(*session, "run" + std::to_string(run), static_cast<int>(state.range(0)));
    bare +=
        create_in_sqlite(data + "/store.db", folder.file(("bare" + std::to_string(run)).c_str()));
    https += took;
    ++run;
    state.SetIterationTime(took);
  }
  state.counters["https_per_s"] = run * creates / https;
  state.counters["sqlite_per_s"] = run * creates / bare;
  state.counters["share"] = bare / https;
}
BENCHMARK(durable_creates)
    ->Arg(1)
    ->Arg(16)
    ->Iterations(5)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace freehold

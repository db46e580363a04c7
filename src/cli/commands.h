// What the commands take, as plain data, and the commands as functions from it to an exit code.
// cli.cc fills it from the arguments; so only that file knows how arguments are written.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "cli/connect.h"
#include "cli/redfish.h"

namespace freehold::cli {

struct GetOptions {
  std::vector<std::string> names;
  std::string label_selector, field_selector;
  bool all_namespaces = false, watch = false, headers = true;
};
int get(const ClientOptions& client, const GetOptions& options);
int explain(const std::string& path);  // contract.spec.roles; needs no server

struct FileOptions {
  std::vector<std::string> files;  // a file, a directory, or "-"
  bool dry_run = false;
};
int apply(const ClientOptions& client, const FileOptions& options);
int plan(const ClientOptions& client, const FileOptions& options);
struct DeleteOptions {
  std::vector<std::string> names, files;
  bool wait = true, ignore_absent = false;
  Duration timeout = seconds(60);
};
int delete_objects(const ClientOptions& client, const DeleteOptions& options);

int quote(const ClientOptions& client, const FileOptions& options);
int offers(const ClientOptions& client, const std::string& contract);
struct AcceptOptions {
  std::string contract, offer;  // without an offer: the only one that is held
};
int accept(const ClientOptions& client, const AcceptOptions& options);
struct ReleaseOptions {
  std::string contract;
  bool wait = false;
  Duration timeout = seconds(60);
};
int release(const ClientOptions& client, const ReleaseOptions& options);
int statement(const ClientOptions& client, const std::string& contract);
int why(const ClientOptions& client, const std::string& name);

struct WaitOptions {
  std::string name,
      goal;  // goal: condition=Ready, condition=Ready=False, status.phase=Active, delete
  Duration timeout = seconds(60);
};
int wait(const ClientOptions& client, const WaitOptions& options);
struct LogOptions {
  std::string name;
  int64_t tail = -1;
  bool follow = false, timestamps = false, previous = false;
};
int logs(const ClientOptions& client, const LogOptions& options);
struct TopOptions {
  std::string what = "nodes";
  bool watch = false, all_namespaces = false;
};
int top(const ClientOptions& client, const TopOptions& options);

struct KubeconfigOptions {
  std::string data_dir, user;
  std::vector<std::string> groups;
  Duration life = hours(24 * 90);
};
int kubeconfig(const KubeconfigOptions& options);

struct TokenOptions {
  std::string node, site, ttl;
};
int token(const ClientOptions& client, const TokenOptions& options);

enum class TopologyForm : uint8_t { table, wide, json, yaml, dot, svg };
struct TopologyOptions {
  std::vector<std::string> names;  // node/a, fabric/a, or node/a node/b
  std::vector<std::string> files;  // instead of a control plane
  TopologyForm form = TopologyForm::table;
};
int topology(const ClientOptions& client, const TopologyOptions& options);

int discover(const std::string& root, Output output);
struct ImportCommand {
  std::vector<std::string> words;  // FORMAT FILE… [FORMAT FILE…]…
  std::string site, name;
  std::string form;          // json, yaml or dot; empty: a summary
  RedfishTarget controller;  // how a live one is reached; its target is a word
};
int import_files(const ImportCommand& command);
std::string import_formats();  // for --help: a line per format
struct GenerateCommand {
  std::string mix;
  int64_t sites = 1;
  uint64_t seed = 1;
  Output output = Output::yaml;
};
int generate(const GenerateCommand& options);
int audit_verify(const std::string& data_dir);
struct DocsOptions {
  std::string directory = "docs/reference";
  bool write = false;
};
int docs(const DocsOptions& options);

}  // namespace freehold::cli

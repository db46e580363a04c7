// The long-running commands: `server` (control plane), `agent`, and `dev` (both in one process).
#pragma once

#include <string>

#include "cli/cli.h"

namespace freehold::cli {

struct ServeOptions {
  std::string data_dir, listen = "127.0.0.1:6443";
  std::string organization, site;  // empty: as the store says, "local" at the first start
  std::vector<std::string> hosts;  // further names that the certificate serves
  bool quiet = false;
};

struct AgentCommand {
  std::string data_dir, server, token, node, site, address, listen = ":0", root = "/";
  int64_t reserve_cpus = -1;  // -1: by the size of the machine
  std::string reserve_memory;
  int64_t discovery_seconds = 30;
  bool forget_missing = false;
};

int serve(const Program& program, const ServeOptions& options);
int run_agent(const Program& program, const AgentCommand& command);
int serve_with_agent(const Program& program, const ServeOptions& options, AgentCommand agent);

}  // namespace freehold::cli

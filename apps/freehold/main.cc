// The program: hands over to the shim and the probe before anything else, since they must stay
// small, and to the commands.
#include <cstring>

#include "agent/probe.h"
#include "agent/shim.h"
#include "cli/cli.h"

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "shim") == 0) return freehold::agent::shim_main(argc, argv);
  if (argc > 1 && std::strcmp(argv[1], "probe") == 0)
    return freehold::agent::probe_main(argc, argv);
  return freehold::cli::run({FREEHOLD_VERSION}, argc, argv);
}

// The shim: a small process of its own beside each workload. It owns the process's output, exit
// status and pid on disk, so that the agent may stop, crash and come back without the workload
// noticing. The first thing that main() looks for.
#pragma once

namespace freehold::agent {

// argv: `freehold shim <dir>` runs what <dir>/launch.json says and returns when it has ended;
// `freehold shim --exec <file>` becomes a probe inside an instance's limits.
int shim_main(int argc, char** argv);

}  // namespace freehold::agent

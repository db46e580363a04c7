// The commands of the program. Each is a function from its arguments to an exit code that scripts
// can trust: 0 done, 1 failed, 2 used wrongly, 3 refused (a contract has no offer), 4 not found, 5
// timed out.
#pragma once

#include <string>
#include <vector>

namespace freehold::cli {

enum ExitCode : int { done = 0, failed = 1, usage = 2, refused = 3, absent = 4, timed_out = 5 };

struct Program {
  std::string version;
  std::string executable = "/proc/self/exe";
};

int run(const Program& program, int argc, char** argv);

}  // namespace freehold::cli

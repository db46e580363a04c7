// CHECK: a bug that cannot be survived; prints what and where, then aborts. Always on.
// BUG_IF: a bug that can be survived; logged and counted, fatal when `freehold::fatal_bugs` is set
// (tests and simulation). Evaluates to the condition, so that a caller can bail out.
#pragma once

#include <cstdint>
#include <string_view>

namespace freehold {

[[noreturn]] void check_failed(const char* file, int line, const char* condition,
                               std::string_view message);
bool bug_found(const char* file, int line, const char* condition, std::string_view message);
uint64_t bugs_found();            // since the process started
void set_fatal_bugs(bool fatal);  // called by test mains and by the simulation

#define CHECK(condition, message)                                        \
  do {                                                                   \
    if (!(condition)) [[unlikely]]                                       \
      ::freehold::check_failed(__FILE__, __LINE__, #condition, message); \
  } while (false)

#define BUG_IF(condition, message) \
  ((condition) ? ::freehold::bug_found(__FILE__, __LINE__, #condition, message) : false)

}  // namespace freehold

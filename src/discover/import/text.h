// What importers of text have in common: notes, names that the API takes, host lists, and errors
// that name the line. Pure. Internal to this module.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "discover/import/import.h"
#include "discover/import/limits.h"

namespace freehold::discover {

// Adds a note for people; control characters go, and beyond limits::import_notes the last one says
// that there are more.
void add_note(std::vector<std::string>& notes, std::string_view text);

// `FILE: line 12: <what>`; without a line when it is 0. `bad_request`.
Error fault_at(const ImportOptions& options, size_t line, std::string_view what);

// The text behind a byte order mark, of sane size, without NUL and with well-formed UTF-8; else
// `too_large`, or `bad_request` that says in what it is written and how to change that.
Result<std::string_view> check_text(std::string_view text, const ImportOptions& options);

// label_of with dots, at most 253: a name of a machine.
std::string host_name_of(std::string_view text);

// Names of machines as sources write them, to names that the API takes. Two that become one are an
// error: they would be taken for one machine.
class HostNames {
 public:
  // `invalid` when nothing is left of the name or it is taken by another.
  Result<std::string> name_of(std::string_view text);

 private:
  std::map<std::string, std::string, std::less<>> written_;  // name → as it was written
};

// Slurm's host lists: "n1,rack[1-2]node[01-04,07]"; leading zeros keep their width. `bad_request`
// when brackets do not fit, a range falls, or more than limits::import_hosts come out.
Result<std::vector<std::string>> expand_hostlist(std::string_view text);

// Where the name of a machine or switch says that it stands: "a08-p1-dgx-04-c01" in rack a08 of row
// a, "rack-1-04" in rack rack-1-04 of row 1. Empty where it says nothing.
struct NamedPlace {
  std::string rack, row;
};
NamedPlace place_of_name(std::string_view name);

}  // namespace freehold::discover

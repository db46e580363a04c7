// ResourceSlices of one import: pools may be spread over several files, so those are read together.
// Pure; texts are untrusted, as in import.h.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "discover/import/import.h"

namespace freehold::discover {

struct SliceFile {
  std::string_view text;
  std::string name;  // for messages
};
// One Inventory for each file. Of a pool the newest generation counts, wherever it is, and only
// when all of its slices are there; it stands in the Inventory of the first file that has one of
// these. The same slice in two files counts once.
Result<std::vector<Inventory>> import_resourceslices(std::span<const SliceFile> files);

}  // namespace freehold::discover

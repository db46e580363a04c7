// Uids of objects.
#pragma once

#include <string>

#include "runtime/runtime.h"

namespace freehold::ledger {

// 8-4-4-4-12, as clients expect a uid to look; 128 random bits. For who must know the uid of an
// object before it is made: the ledger keeps it.
std::string make_uid(Runtime& runtime);

}  // namespace freehold::ledger

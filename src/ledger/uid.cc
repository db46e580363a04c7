#include "ledger/uid.h"

namespace freehold::ledger {

std::string make_uid(Runtime& runtime) {
  std::string hex = runtime.random_token(16);
  for (const size_t at : {20u, 16u, 12u, 8u}) hex.insert(at, "-");
  return hex;
}

}  // namespace freehold::ledger

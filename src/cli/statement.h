// The statement of a contract: promised against delivered, money, joules. Pure.
#pragma once

#include <string>

#include "api/contract.h"
#include "cli/render.h"

namespace freehold::cli {

std::string guarantees_table(const std::vector<api::Guarantee>& promised,
                             const std::vector<api::GuaranteeStatus>& all, const Terminal& t);
// The final statement, or where the contract stands until it is settled.
std::string statement_text(const api::Contract& contract, const Terminal& t);

}  // namespace freehold::cli

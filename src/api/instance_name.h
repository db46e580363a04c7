// What the instance of a member is called: for who makes it, and who looks for it later.
#pragma once

#include <string>
#include <string_view>

#include "api/contract.h"

namespace freehold::api {

// `<offer>-<role>-<index>`: its name where that is short enough and no other's.
inline std::string instance_name(std::string_view offer, const AllocatedMember& member) {
  return std::string(offer) + "-" + member.role + "-" + std::to_string(member.index);
}

}  // namespace freehold::api

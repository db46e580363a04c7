// Waiting for an object to become what was asked for: a watch, a time limit, and on a terminal a
// line that says how far it is.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "cli/connect.h"

namespace freehold::cli {

// condition=Ready, condition=Ready=False, status.phase=Active, jsonpath={.status.phase}=Active.
// Values are compared without regard to case.
struct Goal {
  enum class Form : uint8_t { removed, condition, field } form = Form::removed;
  std::string name, value;  // of the condition, or the path
};
Result<Goal> parse_goal(std::string_view text);
bool reached(const Goal& goal, const api::Object& object);
// What stands in the way, for the progress line: "phase pending: no offer yet".
std::string state_of(const api::Object& object);

// Ends when `judge` says so; null: the object is not there. Errors: those that `judge` returns;
// those of a server that refuses to show the object, at once; that of the connection, when the
// server was not reached within `limit`; else `timeout`, with the last state.
Result<void> wait_until(Session& session, const client::Target& target, Duration limit,
                        const std::function<Result<bool>(const api::Object* now)>& judge);
// Until the object is gone; one of the same name that was made since counts as gone.
Result<void> wait_removed(Session& session, const client::Target& target, const std::string& uid,
                          Duration limit);

}  // namespace freehold::cli

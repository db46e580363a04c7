#include "base/result.h"

#include <array>

namespace freehold {
namespace {

struct ReasonRow {
  std::string_view name;
  int http_code;
};

// In the order of the enumeration.
constexpr std::array<ReasonRow, 16> reasons{{
    {"BadRequest", 400},
    {"Unauthorized", 401},
    {"Forbidden", 403},
    {"NotFound", 404},
    {"MethodNotAllowed", 405},
    {"NotAcceptable", 406},
    {"AlreadyExists", 409},
    {"Conflict", 409},
    {"Expired", 410},
    {"RequestEntityTooLarge", 413},
    {"UnsupportedMediaType", 415},
    {"Invalid", 422},
    {"TooManyRequests", 429},
    {"InternalError", 500},
    {"ServiceUnavailable", 503},
    {"Timeout", 504},
}};
static_assert(static_cast<size_t>(Reason::timeout) + 1 == reasons.size());

const ReasonRow& row(Reason reason) {
  const auto index = static_cast<size_t>(reason);
  return reasons[index < reasons.size() ? index : static_cast<size_t>(Reason::internal)];
}

}  // namespace

std::string_view reason_name(Reason reason) { return row(reason).name; }

int reason_http_code(Reason reason) { return row(reason).http_code; }

Reason reason_from_name(std::string_view name) {
  for (size_t i = 0; i < reasons.size(); ++i)
    if (reasons[i].name == name) return static_cast<Reason>(i);
  return Reason::internal;
}

Error Error::within(std::string_view context) && {
  std::string longer(context);
  longer += ": ";
  longer += message;
  message = std::move(longer);
  return std::move(*this);
}

std::string Error::to_string() const {
  std::string out(reason_name(reason));
  out += ": ";
  out += message;
  return out;
}

}  // namespace freehold

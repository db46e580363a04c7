// Result<T>: a value, or an Error that a person and a program can act on. Expected failures (input,
// peers, environment) travel as Result; bugs do not, see check.h. Each Reason maps one to one to
// the `reason` of an API Status, so an error raised at the bottom reaches kubectl unchanged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace freehold {

// Names and HTTP codes are those of Kubernetes' metav1.StatusReason.
enum class Reason : uint8_t {
  bad_request,             // 400
  unauthorized,            // 401
  forbidden,               // 403
  not_found,               // 404
  method_not_allowed,      // 405
  not_acceptable,          // 406
  already_exists,          // 409
  conflict,                // 409
  expired,                 // 410
  too_large,               // 413
  unsupported_media_type,  // 415
  invalid,                 // 422, causes carry field paths
  too_many_requests,       // 429
  internal,                // 500
  unavailable,             // 503, nothing happened
  timeout,                 // 504, the outcome is unknown
};

std::string_view reason_name(Reason reason);  // "NotFound"
int reason_http_code(Reason reason);          // 404
// The inverse of reason_name; `internal` for a name that is not known.
Reason reason_from_name(std::string_view name);

// One field that is at fault. `type` is a metav1.CauseType, e.g. "FieldValueRequired".
struct Cause {
  std::string type, field, message;
  bool operator==(const Cause&) const = default;
};

struct Error {
  Reason reason = Reason::internal;
  std::string message;  // lower case: what, which, and the remedy
  std::vector<Cause> causes{};

  // The same error with "context: " before its message.
  Error within(std::string_view context) &&;
  std::string to_string() const;  // "NotFound: contract \"a\" not found"
};

struct Nothing {
  bool operator==(const Nothing&) const = default;
};

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }
  T value_or(T fallback) && { return ok() ? std::get<0>(std::move(state_)) : std::move(fallback); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> : public Result<Nothing> {
 public:
  Result() : Result<Nothing>(Nothing{}) {}
  Result(Nothing) : Result<Nothing>(Nothing{}) {}             // NOLINT
  Result(Error error) : Result<Nothing>(std::move(error)) {}  // NOLINT
};

// Unwraps a Result, or returns its error from the enclosing function. May be nested. Not inside a
// coroutine, which would need co_return.
#define TRY(expression) FREEHOLD_TRY_AS(expression, __COUNTER__)
#define FREEHOLD_TRY_AS(expression, number) \
  FREEHOLD_TRY_WITH(expression, FREEHOLD_JOIN(try_, number))
#define FREEHOLD_TRY_WITH(expression, result)           \
  __extension__({                                       \
    auto result = (expression);                         \
    if (!result.ok()) return std::move(result).error(); \
    std::move(result).value();                          \
  })
#define FREEHOLD_JOIN(a, b) FREEHOLD_JOIN_EXPANDED(a, b)
#define FREEHOLD_JOIN_EXPANDED(a, b) a##b

}  // namespace freehold
